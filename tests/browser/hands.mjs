/* How a person works a page: by pointing (mouse or finger), or by keys alone. Both know the same few acts on
 * a locator: press (a button, a link, a summary), fill, check, select. By keys, each thing is reached by
 * Tab from where the focus is, and at every stop it must be seen where that is. */
import { expect } from "./house.mjs";

export const pointing = {
  press: (at) => at.click(),
  fill: (at, text) => at.fill(text),
  check: (at) => at.check(),
  select: (at, option) => at.selectOption(option),
};

const TABS_MAX = 250;

/* In the page: what the focus is at, as a reader sees it; "" when all is well. */
function focusProblem() {
  const at = document.activeElement;
  const ringed = [at, at.closest(".row, .choice, tr")].some((e) => {
    const style = e && getComputedStyle(e);
    return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  const name = at.outerHTML.slice(0, 120);
  if (!ringed) return `no ring around ${name}`;
  const { left, right, top, bottom } = at.getBoundingClientRect();
  const shows = [[0.5, 0.5], [0.1, 0.2], [0.9, 0.8]].some(([x, y]) => {
    const hit = document.elementFromPoint(left + x * (right - left), top + y * (bottom - top));
    return hit && (at.contains(hit) || hit.contains(at) || hit.closest("label")?.control === at);
  });
  return shows ? "" : `something lies over ${name}`;
}

/* Where the focus stands of what is to be reached: there, before, behind. */
const direction = (at) => at.evaluate((wanted) => {
  const has = document.activeElement;
  if (has === wanted) return "there";
  if (wanted.type === "radio" && has.type === "radio" && has.name === wanted.name && has.form === wanted.form)
    return "there";
  if (!has || has === document.body) return "before";
  return wanted.compareDocumentPosition(has) & Node.DOCUMENT_POSITION_FOLLOWING ? "behind" : "before";
});

export const stops = { count: 0 }; /* of the focus, all told */

async function reach(at) {
  const page = at.page();
  await at.waitFor({ state: "visible" });
  for (let i = 0; i < TABS_MAX; i++) {
    const where = await direction(at);
    if (where === "there") return;
    await page.keyboard.press(where === "behind" ? "Shift+Tab" : "Tab");
    stops.count++;
    const problem = await page.evaluate(focusProblem);
    expect(!problem, problem);
  }
  throw new Error(`Tab does not lead to ${await at.evaluate((e) => e.outerHTML.slice(0, 160))}`);
}

/* What the next page is told by: this one's mark is gone. */
async function left(page) {
  await page.waitForFunction(() => !globalThis.beforeKey && document.readyState === "complete");
}

/* What is typed into the browser's own field, which is American here: month first, twelve hours. */
function typedDate(text) {
  const [, year, month, day, hour, minute] = text.match(/^(\d+)-(\d+)-(\d+)(?:T(\d+):(\d+))?$/);
  const of12 = String(Number(hour) % 12 || 12).padStart(2, "0");
  return { date: month + day + year, time: hour && `${of12}${minute}${Number(hour) < 12 ? "a" : "p"}` };
}

export const keys = {
  async press(at) {
    const page = at.page();
    await reach(at);
    const leaves = await at.evaluate((e) =>
      (e.matches("a[href]") && !e.getAttribute("href").startsWith("#")) || e.type === "submit");
    if (leaves) await page.evaluate(() => (globalThis.beforeKey = true));
    await page.waitForTimeout(60); /* what comes as quickly as typed text is a scanner's Enter */
    await page.keyboard.press("Enter");
    if (leaves) await left(page);
  },

  async fill(at, text) {
    const page = at.page();
    await reach(at);
    const type = await at.evaluate((e) => e.type);
    if (type === "date" || type === "datetime-local") {
      const { date, time } = typedDate(text);
      for (let part = 0; part < 6; part++) await page.keyboard.press("ArrowLeft");
      await page.keyboard.type(date);
      if (time) {
        await page.keyboard.press("ArrowRight");
        await page.keyboard.type(time);
      }
    } else {
      await page.keyboard.press("ControlOrMeta+A");
      if (text === "") await page.keyboard.press("Delete");
      else await page.keyboard.type(text);
    }
    const value = await at.inputValue();
    expect(value === text, `typed "${text}", and there is "${value}"`);
  },

  async check(at) {
    const page = at.page();
    await reach(at);
    if (await at.isChecked()) return;
    await page.keyboard.press("Space");
    for (let i = 0; i < 20 && !(await at.isChecked()); i++) await page.keyboard.press("ArrowDown");
    expect(await at.isChecked(), "neither Space nor the arrows choose it");
  },

  async select(at, option) {
    const page = at.page();
    await reach(at);
    const index = await at.evaluate((e, wanted) => [...e.options].findIndex(
      (o) => o.value === wanted || o.label === wanted.label), option);
    expect(index >= 0, `there is no option ${JSON.stringify(option)}`);
    await page.keyboard.press("Home");
    for (let i = 0; i < index; i++) await page.keyboard.press("ArrowDown");
    expect(await at.evaluate((e, i) => e.selectedIndex === i, index), "the arrows do not choose it");
  },
};
