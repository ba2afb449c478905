/* Who looks at which pages, so that each kind of page is seen once; "a > b": the first link of page a
 * whose address matches b, and so on. "?" at the end: not every demonstration has one. */
export const walks = [
  { as: null, pages: ["/sign-in", "/set-up", "/nowhere", "/help", "/help/api", "/help/gallery", "/display"] },
  {
    as: ["coordinator", "Corvida office"],
    pages: [
      "/", "/?state=stopped", "/work", "/search", "/patients", "/notifications", "/account",
      "/password", "/site", "/deviations", "/deviations/new", "/ledger", "/definitions",
      "/ > ^/orders/[^/]+$", "/ > ^/orders/[^/]+$ > /tasks/", "/ > ^/orders/[^/]+$ > /coi$",
      "/ > ^/orders/[^/]+$ > /coi$ > /coi/report$", "/ > ^/orders/[^/]+$ > /people$",
      "/ > ^/orders/[^/]+$ > /documents$", "/ > ^/orders/[^/]+$ > /custody$",
      "/ > ^/orders/[^/]+$ > /forms$", "/ > ^/orders/[^/]+$ > /units$",
      "/ > ^/orders/[^/]+$ > /review$", "/ > ^/orders/[^/]+$ > /units$ > ^/units/", "/?wall=1", "/map",
      "/map?wall=1", "/definitions/workflow/corvicel/4",
      "/definitions/form/collection/1", "/definitions/form/collection/try",
      "/definitions/workflow/corvicel/try", "/operations",
    ],
  },
  {
    as: ["quality_manager", "Corvida office"],
    pages: [
      "/trail", "/looks", "/access", "/access/review", "/emergencies", "/emergency",
      "/definitions/drafts", "/definitions/draft", "/rota",
      "/?state=stopped > ^/orders/[^/]+$ > /stop$ ?",
    ],
  },
  { as: ["administrator", "Corvida office"], pages: ["/accounts", "/operations", "/sites", "/sites > ^/sites/"] },
  {
    as: ["coordinator", "Northfield University Hospital"],
    pages: ["/patients", "/patients/new", "/patients > ^/patients/[0-9a-f-]{36} ?"],
  },
  {
    as: ["quality_manager", "Halden Cell Works"],
    pages: ["/deviations", "/deviations?state=closed > ^/deviations/[0-9a-f-]{36} ?"],
  },
  { as: ["operator"], pages: ["/work", "/work > /tasks/ ?"] },
  { as: ["ward_nurse"], pages: ["/work", "/work > /tasks/ ?"] },
];

/* What everybody else has to do, for pictures: where the demonstration has something for them. */
export const works = ["apheresis_nurse", "courier", "warehouse", "analyst", "qc_reviewer", "technologist",
  "pharmacist", "physician", "planner", "qa_specialist", "qualified_person", "safety_officer"]
  .map((role) => ({ as: [role], pages: ["/work", "/work > /tasks/ ?"] }));

/* Whether the links led there. */
export async function reach(page, way) {
  const [first, ...links] = way.replace(/ \?$/, "").split(" > ");
  await page.goto(first);
  for (const link of links) {
    const at = await page.evaluate(
      (pattern) => [...document.querySelectorAll("main a[href]")]
        .map((a) => a.getAttribute("href")).find((href) => new RegExp(pattern).test(href)),
      link);
    if (!at) return false;
    await page.goto(at);
  }
  return true;
}

export const perhaps = (way) => way.endsWith(" ?");
