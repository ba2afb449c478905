/* partial: OPS-04 every kind of page in the languages that ship. In German: accessible in every theme, and
 * measured; then the same page in English. In the pseudo-language of the tests' build (tools/textgen.c): no
 * word that stands in no catalogue, and room for longer ones.
 *   languages.mjs TABLE DEMO_OUTPUT [SHOTS]   TABLE: "de" or "en-XA" */
import { readdirSync, readFileSync } from "node:fs";
import { House, expect, readDemo } from "./house.mjs";
import { every, judge, measure, plain } from "./measure.mjs";
import { perhaps, reach, walks } from "./walks.mjs";

const root = new URL("../../", import.meta.url);

/* --- words --- */

const wordsOf = (texts) => new Set(texts.join(" ").toLowerCase().match(/\p{L}+/gu));

/* What the demonstration's own data says, in whatever language it was written: names of people and
 * places, what the simulated people enter. */
function words(demoFile) {
  const texts = [readFileSync(demoFile, "utf8")];
  const sources = readdirSync(new URL("src/app/", root))
    .filter((file) => /^(sim|network)\w*\.c$/.test(file)).map((file) => `src/app/${file}`);
  for (const file of [...sources, "src/modules/desk/gallery.c", "src/modules/desk/gallery_charts.c"]) /* what they say: their texts */
    texts.push(...(readFileSync(new URL(file, root), "utf8").match(/"(?:[^"\\\n]|\\.)*"/g) ?? []));
  return wordsOf(texts);
}

/* What definitions say: in the language they were written in on their own pages, and nowhere else. */
function definitions() {
  const texts = [];
  for (const folder of readdirSync(new URL("defs/", root)))
    for (const file of readdirSync(new URL(`defs/${folder}/`, root)))
      texts.push(file, readFileSync(new URL(`defs/${folder}/${file}`, root), "utf8"));
  return wordsOf(texts);
}

/* Names that are the same in every language, and are said so on purpose. */
const proper = new Set(("vein utc api json pdf yaml openapi fido sha ed25519 merkle cet cest gmt bst " +
  "english deutsch pšéúdó iso http https png svg csv fhir").split(" "));

/* A drawing has room for the beginning of a word of the data. */
const begun = (word, text) => text.endsWith("…") && [...known].some((k) => k.startsWith(word));

/* In the page: what is shown or read out, without what stands in ⟦brackets⟧. */
function bare() {
  const named = /(?<![\p{L}\d])(?=[A-Z\d-]{6})[A-Z\d]+(-[A-Z\d]+)*(?![\p{L}\d])/gu; /* identifiers */
  const strip = (text) => {
    let out = "";
    let depth = 0;
    for (const c of text) {
      if (c === "⟦") depth++;
      else if (c === "⟧") depth = Math.max(0, depth - 1); /* a time, without its day */
      else if (depth === 0) out += c;
    }
    return out.replaceAll(named, " ");
  };
  const found = [];
  /* Scripts; what is a name of the ledger's; what a person typed; a language's own name. */
  const skip = "script, style, noscript, svg defs, code, pre, .id, .coi, .hash, .swatches, " +
    "select#type, .diff th, ins, del, textarea, [lang=de], [lang=en]";
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (!node.parentElement.closest(skip)) found.push([strip(node.data), node.parentElement.tagName]);
  for (const name of ["aria-label", "placeholder", "title", "alt"])
    for (const element of document.querySelectorAll(`[${name}]`))
      found.push([strip(element.getAttribute(name)), `${element.tagName} ${name}`]);
  return found.filter(([text]) => text.trim() !== "");
}

/* Of a page's own controls and headings: nothing is cut off, and no state lies over an identifier.
 * Lists cut off what they mean to. */
function cut() {
  const out = [];
  for (const element of document.querySelectorAll("button, .button, h1, h2, h3, label, legend, .badge, th")) {
    if (element.closest(".hidden, .clip, .word, .grid-scroll, .scroll, details:not([open])")) continue;
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    if (element.scrollWidth > element.clientWidth + 2 && element.clientWidth > 0 &&
        getComputedStyle(element).display !== "inline")
      out.push(`${element.tagName} "${element.textContent.trim().slice(0, 40)}"`);
  }
  for (const row of document.querySelectorAll(".row, .strip")) {
    const [badge, id] = [row.querySelector(".badge"), row.querySelector(".id, .coi")];
    if (!badge || !id) continue;
    const [a, b] = [badge.getBoundingClientRect(), id.getBoundingClientRect()];
    if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
      out.push(`"${badge.textContent.trim()}" lies over ${id.textContent.trim()}`);
  }
  return out;
}

/* --- the walk --- */

const [, , language, demoFile, shots] = process.argv;
const demo = readDemo(demoFile);
const house = await House.open(demo, shots);
const known = words(demoFile);
const defined = definitions();

async function spoken(page) {
  const html = await page.evaluate(() => document.documentElement.lang);
  expect(html === language, `the page is in "${html}"`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wide <= 0, `${wide} px wider than the screen`);
}

async function speak(context, value) {
  await context.addCookies([{ name: "vein-language", value, url: demo.address }]);
}

async function look(page, way) {
  if (/^\/help(\/api)?$/.test(way)) return; /* long lists, looked at in English */
  await judge(page, every);
  await measure(page);
  const raw = await page.evaluate(() => document.body.innerText.match(/⟦[^⟧]*⟧/g));
  expect(!raw, `no text for ${raw}`);
  await speak(page.context(), "en");
  await page.reload();
  await judge(page, plain);
  await speak(page.context(), language);
}

/* Long words, and a stranger's. */
async function read(page, way) {
  const over = await page.evaluate(cut);
  expect(over.length === 0, `cut off: ${over.join("; ")}`);
  const strange = new Set();
  const own = new URL(page.url()).pathname.startsWith("/definitions");
  for (const [text, where] of await page.evaluate(bare)) {
    const said = text.split(/\s+/).filter((t) => !/[\d/_]/.test(t)).join(" ").toLowerCase();
    for (const word of said.match(/\p{L}{3,}/gu) ?? [])
      if (!known.has(word) && !(own && defined.has(word)) && !proper.has(word) && !begun(word, text))
        strange.add(`${word} (${where}: ${text.trim().slice(0, 50)})`);
  }
  expect(strange.size === 0, `in no catalogue, at ${way}: ${[...strange].join("; ")}`);
}

for (const walk of walks) {
  const context = await house.visitor("phone");
  const page = context.pages()[0];
  if (walk.as) {
    const login = house.person(...walk.as);
    await house.signIn(page, login);
    await page.waitForURL((url) => url.pathname !== "/sign-in");
  }
  await speak(context, language);
  for (const way of walk.pages)
    await house.check(`${way} in ${language}`, async () => {
      const there = await reach(page, way);
      if (!there && perhaps(way)) return House.nothing;
      expect(there, "no link leads there");
      await spoken(page);
      await (language === "de" ? look : read)(page, way);
      if (shots) await house.picture(page, `${language} ${page.url().replace(/[0-9a-f-]{30,}/g, "x")}`);
      return undefined;
    });
  await context.close();
}
await house.check(`no script failed in ${language}`, () => {
  expect(house.troubles.length === 0, [...new Set(house.troubles)].join("\n"));
});
await house.close();
console.log(`suite browser-${language}: ${house.passed} passed, ${house.failed} failed`);
process.exitCode = house.failed > 0 ? 1 : 0;
