/* A task step by step, at whoever has gloves on: what is pressed is large, one thing is to be decided,
 * a lost connection costs nothing. And the worklist, where a scan opens the task it can be for. */
import { House, expect } from "./house.mjs";

const LEAST = 60; /* px of what is pressed or filled in with gloves on */

/* What is too low for a glove, by its words. */
function tooLow(page) {
  return page.locator(".stepped").evaluate((task, least) => {
    const all = task.querySelectorAll(
      "button, .button, summary, .choice, input:not([type=hidden], [type=radio], [type=checkbox]), select",
    );
    return [...all]
      .filter((at) => at.checkVisibility() && at.getBoundingClientRect().height < least)
      .filter((at) => !at.matches(".hidden"))
      .map((at) => `${at.tagName} ${at.textContent.trim()}`);
  }, LEAST);
}

async function open(house, size) {
  const page = await house.page(house.person("apheresis_nurse"), size);
  await page.goto("/work");
  const first = page.locator("#work a.cover").first();
  if ((await first.count()) === 0) return undefined;
  return { page, first, coi: await page.locator("#work .id").first().innerText() };
}

async function large(house, size) {
  const at = await open(house, size);
  if (!at) return House.nothing;
  await at.first.click();
  await at.page.getByText(/^Step \d of \d/).waitFor();
  const low = await tooLow(at.page);
  expect(low.length === 0, `too low: ${low.join("; ")}`);
  const first = at.page.locator(".stepped form :is(input:not([type=hidden]), select, button):visible").first();
  const { y, height } = await first.boundingBox();
  const room = at.page.viewportSize().height - (size === "phone" ? 68 : 0);
  expect(y + height <= room, `what is to be done first ends at ${y + height}, below the screen`);
  const primary = await at.page.locator(".stepped .primary:visible").count();
  expect(primary <= 1, `${primary} things ask to be pressed`);
}

async function unsent(page, name, button) {
  await page.locator("#offline").waitFor({ state: "visible" });
  await button.click();
  await page.getByText("Not sent: there is no connection.").waitFor();
  expect((await name.inputValue()) === "Erika Example", "what was typed is gone");
}

/* What was typed stays, nothing is sent, and both are said; then it goes, once. */
async function lost(house) {
  const at = await open(house, "phone");
  if (!at) return House.nothing;
  const { page } = at;
  await at.first.click();
  const name = page.getByLabel("Name, as the patient says it");
  if ((await name.count()) === 0) return House.nothing;
  await name.fill("Erika Example");
  const button = page.getByRole("button", { name: "Cannot be read" });
  await page.context().setOffline(true);
  try {
    await unsent(page, name, button);
  } finally {
    await page.context().setOffline(false);
  }
  await page.locator("#offline").waitFor({ state: "hidden" });
  expect((await page.locator(".unsent").count()) === 0, "it is still said not to be sent");
  house.troubles = house.troubles.filter((said) => !said.includes("ERR_INTERNET_DISCONNECTED"));
  await button.click();
  await page.getByText("Not everything could be read.").waitFor();
}

async function scanned(house) {
  const at = await open(house, "phone");
  if (!at) return House.nothing;
  await at.page.getByLabel("Scan a label, order or wristband").fill(`&/${at.coi}`);
  await at.page.keyboard.press("Enter");
  await at.page.waitForURL(/\/orders\/[^/]+\/tasks\/[^/]+$/);
  await at.page.getByText(at.coi).first().waitFor();
}

/* What one has begun is one's own: by a check that could not be read, at the latest. */
async function mine(house) {
  const at = await open(house, "desktop");
  if (!at) return House.nothing;
  const rows = at.page.locator("#work li");
  const team = await rows.count();
  await at.page.getByRole("link", { name: "My site's" }).click();
  await at.page.locator('.tabs a[aria-current="page"]', { hasText: "My site's" }).waitFor();
  expect((await rows.count()) >= team, "a site has less to do than one of its teams");
  await at.page.getByRole("link", { name: "Mine" }).click();
  await at.page.locator('.tabs a[aria-current="page"]', { hasText: "Mine" }).waitFor();
  expect((await rows.count()) <= team, "one person has more to do than their team");
}

/* Who completes tasks begins at them; and the bar has room for longer words. */
async function begins(house) {
  const context = await house.browser.newContext({
    viewport: { width: 1440, height: 900 }, baseURL: house.demo.address, locale: "de-DE",
  });
  const page = await context.newPage();
  await page.goto("/sign-in");
  await page.locator("#login").fill(house.person("analyst").login);
  await page.locator("#password").fill(house.demo.password);
  await page.getByRole("button", { name: "Anmelden", exact: true }).click();
  await page.waitForURL((url) => url.pathname === "/work");
  await page.getByRole("heading", { level: 1, name: "Meine Aufgaben" }).waitFor();
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(over <= 0, `${over} px wider than the screen`);
  await context.close();
}

export async function steps(house) {
  await house.check("who completes tasks begins at them", () => begins(house));
  for (const size of ["phone", "tablet", "desktop"])
    await house.check(`a step at ${size}: large, and one thing to decide`, () => large(house, size));
  await house.check("a lost connection costs nothing and is said", () => lost(house));
  await house.check("a scan on the worklist opens its task", () => scanned(house));
  await house.check("the worklist: mine, my team's, my site's", () => mine(house));
}
