/* What is measured of a page beside axe-core's rules: sizes of what is pressed, names by which it is read
 * out, room at 400 %, contrast in every theme, and that nothing moves for who asked for that.
 * partial: OPS-04 targets, names, reflow, contrast and motion of every kind of page */
import { createRequire } from "node:module";

const axe = createRequire(new URL("../../ui/package.json", import.meta.url))("axe-core");

/* In the page. 24 px (WCAG 2.2, 2.5.8) of whatever is pressed; where work is done with gloves on (tasks,
 * stops) 60 px in height of buttons and of what is entered. A link within a sentence has its line. */
function tooSmall() {
  const LEAST = 24;
  const GLOVED = 60;
  const out = [];
  const inSentence = (element) =>
    getComputedStyle(element).display === "inline" && [...element.parentElement.childNodes].some(
      (node) => node !== element && node.nodeType === Node.TEXT_NODE && node.data.trim().length > 1);
  for (const element of document.querySelectorAll("a[href], button, input, select, textarea, summary")) {
    if (element.type === "hidden" || element.closest(".hidden, .skip, [aria-hidden=true], dialog:not([open])"))
      continue;
    const pressed = element.matches("a.cover") ? element.closest(".row, li, tr")
      : element.matches("[type=radio], [type=checkbox]") ? (element.closest("label") ?? element) : element;
    const { width, height } = pressed.getBoundingClientRect();
    if (width === 0 || height === 0 || !element.checkVisibility() || inSentence(element)) continue;
    const gloved = element.closest(".work, .stop-page") && !element.matches("a:not(.button), summary, .plain");
    if (width < LEAST || height < (gloved ? GLOVED : LEAST))
      out.push(`${Math.round(width)} × ${Math.round(height)}: ${element.outerHTML.slice(0, 120)}`);
  }
  return out;
}

const pressed = new Set(["button", "link", "textbox", "searchbox", "combobox", "listbox", "checkbox", "radio",
  "spinbutton", "slider", "switch", "tab", "menuitem", "DisclosureTriangle", "Date", "DateTime"]);

/* As a screen reader gets it: all that is pressed or entered has a name, and there is one main part. */
async function nameless(page) {
  const client = await page.context().newCDPSession(page);
  const { nodes } = await client.send("Accessibility.getFullAXTree");
  await client.detach();
  const seen = nodes.filter((node) => !node.ignored);
  const mains = seen.filter((node) => node.role.value === "main").length;
  return [
    ...seen.filter((node) => pressed.has(node.role.value) && !node.name?.value.trim())
      .map((node) => `a ${node.role.value} without a name`),
    ...(mains === 1 ? [] : [`${mains} main parts`]),
  ];
}

/* 400 % of a screen of 1280 × 1024: everything is reached by scrolling one way. */
async function reflows(page) {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 256 });
  const out = await page.evaluate(() => {
    const wide = document.documentElement.scrollWidth - innerWidth;
    const stuck = [...document.querySelectorAll("body *")]
      .filter((e) => ["fixed", "sticky"].includes(getComputedStyle(e).position) && e.checkVisibility())
      .reduce((sum, e) => sum + e.getBoundingClientRect().height, 0);
    return [
      ...(wide > 0 ? [`${wide} px wider than a screen at 400 %`] : []),
      ...(stuck > innerHeight / 3 ? [`${Math.round(stuck)} of ${innerHeight} px stay where they are`] : []),
    ];
  });
  await page.setViewportSize(before);
  return out;
}

async function moves(page) {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const out = await page.evaluate(() => document.getAnimations()
    .filter((a) => a.playState === "running").map((a) => `${a.animationName ?? a.transitionProperty} moves`));
  await page.emulateMedia({ reducedMotion: null });
  return out;
}

export async function measure(page) {
  const found = [
    ...(await page.evaluate(tooSmall)), ...(await nameless(page)), ...(await moves(page)), ...(await reflows(page)),
  ];
  if (found.length > 0) throw new Error(found.join("\n"));
}

/* --- axe-core --- */

/* Of a theme only colours are other ones: the first judges everything. */
const all = { resultTypes: ["violations"] };
const colours = { resultTypes: ["violations"], runOnly: ["color-contrast"] };
export const plain = [[{ colorScheme: "light" }, all], [{ colorScheme: "dark" }, colours]];
export const every = [
  ...plain,
  [{ colorScheme: "light", contrast: "more" }, colours], [{ colorScheme: "dark", contrast: "more" }, colours],
];

export async function judge(page, themes) {
  await page.evaluate(axe.source);
  const found = [];
  for (const [media, options] of themes) {
    await page.emulateMedia(media);
    const { violations } = await page.evaluate((o) => globalThis.axe.run(document, o), options);
    for (const v of violations)
      for (const n of v.nodes.slice(0, 4))
        found.push(`${v.id} (${Object.values(media).join(", ")}): ${n.html.slice(0, 160)}: ` +
          (n.failureSummary.split("\n")[1] ?? ""));
  }
  await page.emulateMedia({ colorScheme: null, contrast: null });
  if (found.length > 0) throw new Error(found.join("\n"));
}
