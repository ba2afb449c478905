/* Lists changed in place (ui/patch.ts): whatever came, it is what stands there then, and no more rows
 * leave their place than must. */
import { createRequire } from "node:module";
import { expect } from "./house.mjs";

const require = createRequire(new URL("../../ui/package.json", import.meta.url));
const LISTS = 2_000;

/* In the page: pairs of lists, of rows with ids, with links alone, with the same link twice, with neither. */
function trials(lists) {
  let seed = 7;
  const draw = (below) => (seed = (seed * 48271) % 2147483647) % below;
  const row = () => {
    const n = draw(6);
    const says = `<b>${draw(3)}</b>`;
    return [`<li id="r${n}">${says}</li>`, `<li><a href="/${n}">${says}</a></li>`, `<li>${says}</li>`][draw(3)];
  };
  const list = () => {
    const ids = new Set(); /* an id stands once */
    const rows = Array.from({ length: draw(8) }, row).filter((r) => {
      const id = r.match(/id="(\w+)"/)?.[1];
      return !id || (!ids.has(id) && ids.add(id));
    });
    return `<ul id="l">\n${rows.join("\n")}\n</ul>`;
  };
  const made = (html) => new DOMParser().parseFromString(html, "text/html").getElementById("l");
  const wrong = [];
  for (let i = 0; i < lists; i++) {
    const [was, comes] = [list(), list()];
    document.body.innerHTML = was;
    const now = document.getElementById("l");
    patching.patch(now, made(comes));
    if (now.outerHTML !== made(comes).outerHTML) wrong.push(`${was} became ${now.outerHTML} for ${comes}`);
  }
  return wrong;
}

/* Of nine rows one goes to the end: it alone is taken out. */
async function moved() {
  const list = (ids) => `<ul id="l">${ids.map((id) => `<li id="r${id}">${id}</li>`).join("")}</ul>`;
  document.body.innerHTML = list([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const now = document.getElementById("l");
  const out = new Set();
  const watch = new MutationObserver((all) => {
    for (const { removedNodes } of all) for (const node of removedNodes) out.add(node.id);
  });
  watch.observe(now, { childList: true });
  const page = new DOMParser().parseFromString(list([2, 3, 4, 5, 6, 7, 8, 9, 1]), "text/html");
  patching.patch(now, page.getElementById("l"));
  await new Promise((next) => setTimeout(next));
  return [...out];
}

export async function patching(house) {
  const context = await house.visitor("desktop");
  const page = context.pages()[0];
  const { outputFiles } = await require("esbuild").build({
    entryPoints: [new URL("../../ui/patch.ts", import.meta.url).pathname],
    bundle: true, write: false, format: "iife", globalName: "patching",
  });
  await page.evaluate(outputFiles[0].text.replace("var patching =", "globalThis.patching ="));
  await house.check("a list changed in place is what came", async () => {
    const wrong = await page.evaluate(trials, LISTS);
    expect(wrong.length === 0, `${wrong.length} of ${LISTS}: ${wrong[0]}`);
  });
  await house.check("of rows in another order as few are taken out as can be", async () => {
    const out = await page.evaluate(moved);
    expect(out.length === 1 && out[0] === "r1", `taken out: ${out}`);
  });
  await context.close();
}
