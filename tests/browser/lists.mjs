/* Lists change in place: sorted, filtered, paged, with other columns; and without script by the same
 * links and forms. partial: OPS-04 */
import { expect } from "./house.mjs";

/* The page was not loaded anew since it was marked; what answers in place comes once it is seen. */
async function mark(page) {
  await page.waitForFunction(() => "fragments" in document.documentElement.dataset);
  await page.evaluate(() => (globalThis.marked = true));
}
const stands = (page) => page.evaluate(() => globalThis.marked === true);
const told = (page) => page.locator("#told").textContent();
const first = (page) => page.locator("tbody tr").first().innerText();

async function inPlace(house, person) {
  await house.check("a list is sorted in place, by keys: address, focus and count follow", async () => {
    const page = await house.page(person, "desktop");
    await page.goto("/definitions");
    await house.look(page, "definitions as a table");
    await mark(page);
    const before = await first(page);
    const head = page.getByRole("columnheader", { name: "Kind" });
    await head.getByRole("link").focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/sort=-kind/);
    await page.locator('[aria-sort="descending"]').waitFor();
    expect(await stands(page), "the page was loaded anew");
    expect((await first(page)) !== before, "the rows are the same");
    const at = await page.evaluate(() => document.activeElement?.textContent);
    expect(at === "Kind", `the focus is at ${at}`);
    expect(/^Rows shown: \d+/.test(await told(page)), `told: ${await told(page)}`);
    await page.keyboard.press("Enter");
    await page.locator('[aria-sort="ascending"]').waitFor();
    expect((await first(page)) === before, "turned twice, the rows are others");
    await page.goBack();
    await page.locator('[aria-sort="descending"]').waitFor();
  });
  await house.check("a filter and columns change a list in place", async () => {
    const page = await house.page(person, "desktop");
    await page.goto("/definitions");
    await mark(page);
    await page.getByRole("combobox", { name: "Kind" }).selectOption({ label: "Forms" });
    await page.getByRole("button", { name: "Show these" }).click();
    await page.waitForURL(/kind=form/);
    await page.waitForFunction(() => /^Rows/.test(document.getElementById("told").textContent));
    const kinds = await page.locator("tbody tr td:nth-child(2)").allInnerTexts();
    expect(kinds.length > 0 && kinds.every((kind) => kind === "Forms"), `kinds: ${kinds}`);
    await page.getByText("Columns", { exact: true }).click();
    await page.getByLabel("Since").uncheck();
    await page.getByRole("button", { name: "Keep" }).click();
    await page.getByRole("columnheader", { name: "Since" }).waitFor({ state: "detached" });
    expect(await stands(page), "the page was loaded anew");
    expect(/kind=form/.test(page.url()), `the filter is gone: ${page.url()}`);
    await page.getByLabel("Since").check();
    await page.getByRole("button", { name: "Keep" }).click();
    await page.getByRole("columnheader", { name: "Since" }).waitFor();
  });
  await house.check("nothing of a list is kept by the browser", async () => {
    const page = await house.page(person, "desktop");
    const kept = await page.evaluate(() => Object.keys(localStorage).concat(Object.keys(sessionStorage)));
    expect(!kept.includes("htmx-history-cache"), `kept: ${kept}`);
  });
}

/* A session that ended leads to the sign-in, not to a list without rows. */
async function ended(house, person) {
  await house.check("pressed after the session ended, a list gives way to the sign-in", async () => {
    const context = await house.visitor("desktop");
    const page = context.pages()[0];
    await house.signIn(page, person);
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    await page.goto("/definitions");
    await context.clearCookies();
    await page.getByRole("columnheader", { name: "Kind" }).getByRole("link").click();
    await page.waitForURL(/sign-in/);
    await context.close();
  });
}

async function without(house, person) {
  await house.check("without script the same links and forms are pages", async () => {
    const page = await house.page(person, "phone", { script: false });
    await page.goto("/definitions");
    await page.getByRole("columnheader", { name: "Kind" }).getByRole("link").click();
    await page.waitForURL(/sort=-kind/);
    await page.locator('[aria-sort="descending"]').waitFor();
  });
}

async function tower(house) {
  await house.check("the tower is filtered in place, and what was chosen stands there", async () => {
    const page = await house.page(house.person("qa_specialist", "Halden Cell Works"), "desktop");
    await page.goto("/");
    await mark(page);
    await page.getByText("Filter", { exact: true }).click();
    await page.getByLabel("Risk").selectOption({ label: "High risk" });
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.waitForURL(/risk=high/);
    await page.getByRole("link", { name: "Clear" }).waitFor();
    expect(await stands(page), "the page was loaded anew");
    expect((await page.getByLabel("Risk").inputValue()) === "high", "the filter forgot");
    await page.getByRole("link", { name: "Clear" }).click();
    await page.waitForURL((url) => url.search === "");
    await page.getByRole("link", { name: "Clear" }).waitFor({ state: "detached" });
    expect((await page.getByLabel("Risk").inputValue()) === "", "the filter remembers");
    expect(await stands(page), "the page was loaded anew");
  });
  await house.check("those at high risk stand before all others that run", async () => {
    const page = await house.page(house.person("qa_specialist", "Halden Cell Works"), "desktop");
    const rows = async () =>
      page.evaluate(async () => {
        const answer = await fetch("/?forecast=1", { headers: { Accept: "application/json" } });
        return (await answer.json()).rows;
      });
    const running = (await rows()).filter((row) => row.trouble === 3);
    const high = running.map((row) => row.risk === "high");
    expect(!high.includes(true) || high.lastIndexOf(true) < (high.indexOf(false) + 1 || 1e9), `high: ${high}`);
    expect(running.every((row) => Array.isArray(row.milestones)), "a row foresees nothing");
    const plain = await page.evaluate(async () => {
      const answer = await fetch("/", { headers: { Accept: "application/json" } });
      return (await answer.json()).rows;
    });
    expect(plain.every((row) => row.risk === undefined), "a plain row foresees");
  });
}

export async function lists(house) {
  const person = house.person("quality_manager", "Corvida office");
  await inPlace(house, person);
  await ended(house, person);
  await without(house, person);
  await tower(house);
}
