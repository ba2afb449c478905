/* Another order's bag is scanned at receipt: everything of the order stops, on every screen. */
import { expect } from "./house.mjs";

/* By then every device that shows the order is covered because it was told: asking by itself would take
 * 15 s. How long it really takes is a figure of the machine, which `./dev bench face` measures. */
const COVERED_MS = 10_000;

/* A bag of another order, as the warehouse might pick up the wrong one. */
async function otherBag(journey, page) {
  await page.goto("/");
  const ours = new RegExp(journey.house.ours.join("|"));
  const orders = page.getByRole("listitem").filter({ hasNotText: ours }).getByRole("link");
  const paths = await orders.evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  for (const path of paths.filter((p) => /^\/orders\/[^/]+$/.test(p))) {
    await page.goto(`${path}/units`);
    const bag = page.getByRole("link", { name: /^apheresis bag/i });
    if ((await bag.count()) > 0)
      return (await bag.first().innerText()).replace(/^apheresis bag/i, "").trim();
  }
  throw new Error("no other order has a bag");
}

async function stopShown(page) {
  await page.getByRole("heading", { level: 1, name: "Stop" }).waitFor();
  await page.getByRole("heading", { name: "Do this now" }).waitFor();
}

/* Another device, open at a page of the order, that counts what it sounds. */
async function device(journey, person, path, { silent = false } = {}) {
  const context = await journey.house.visitor(journey.size);
  const page = context.pages()[0];
  if (silent) {
    await page.goto("/display");
    const sound = page.getByRole("group", { name: "Sound and vibration at a stop" });
    await sound.getByText("Off", { exact: true }).click();
    await page.getByRole("button", { name: "Use" }).click();
  }
  await page.addInitScript(() => {
    globalThis.sounded = { tones: 0, shakes: 0 };
    AudioContext.prototype.createOscillator = new Proxy(AudioContext.prototype.createOscillator, {
      apply: (make, audio, args) => {
        globalThis.sounded.tones++;
        return Reflect.apply(make, audio, args);
      },
    });
    Navigator.prototype.vibrate = () => ++globalThis.sounded.shakes > 0;
  });
  await journey.house.signIn(page, person);
  await page.goto(path);
  await page.locator("h1").first().click({ force: true }); /* touched, so that it may sound */
  await page.evaluate(() => (globalThis.untouched = true));
  return page;
}

/* Pages that were read before the stop, and whose stream of news begins behind it: in a browser that watches
 * the order already, and in one that watches nothing. What they ask first is not answered. */
async function readBefore(journey, watching) {
  const other = await journey.house.visitor(journey.size);
  await journey.house.signIn(other.pages()[0], journey.coordinator);
  return Promise.all([watching.context(), other].map(async (context) => {
    const response = await context.request.get(journey.path);
    return async (since) => {
      const page = await context.newPage();
      let asked = false;
      await page.route("**/orders/**", (route) => {
        if (route.request().isNavigationRequest()) return route.fulfill({ response });
        if (asked) return route.continue();
        asked = true;
        return route.abort();
      });
      await page.goto(journey.path);
      await covered(page, since, false);
      await page.close();
    };
  }));
}

const cover = (page) => page.locator("dialog:modal");

async function covered(page, since, untouched = true) {
  await cover(page).getByRole("heading", { level: 1, name: "Stop" }).waitFor({ timeout: COVERED_MS });
  console.log(`covered after ${Date.now() - since} ms`);
  if (untouched) expect(await page.evaluate(() => globalThis.untouched), "the page was loaded anew");
}

/* A scanner types, and its Enter presses what has the focus. */
async function scan(page, text) {
  await page.evaluate((keys) => {
    const at = document.activeElement ?? document.body;
    for (const key of [...keys, "Enter"])
      if (at.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })) && key === "Enter")
        at.click?.();
  }, text);
}

/* Neither Escape nor a scan takes the cover away; whoever saw it goes on below it. */
async function seen(page) {
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await cover(page).waitFor(); /* a browser closes it at the second; it is back at once */
  await scan(page, "vein:u:23456789ABCD");
  await page.waitForTimeout(100);
  expect((await cover(page).count()) === 1, "the cover went away unseen");
  await page.getByRole("button", { name: "Seen: show the page" }).click();
  await cover(page).waitFor({ state: "detached" });
  await page.locator(".strip.stopped").getByText("Stopped").waitFor();
}

export async function stopAtReceipt(journey, task, tower, say) {
  const { house } = journey;
  const warehouse = house.person(task.role, task.site);
  const resolver = house.person("qa_specialist", task.site);
  const watching = await device(journey, journey.coordinator, journey.path);
  const units = await device(journey, journey.planner, `${journey.path}/units`, { silent: true });
  const beside = await device(journey, house.person(task.role, task.site, 1), task.path);
  await beside.getByLabel(/^Scan the label: /).first().fill("typed before the stop");
  const devices = [watching, units, beside];
  const missed = await readBefore(journey, watching);

  const stopped = await house.check(say("the wrong bag stops the order"), async () => {
    const page = await house.page(warehouse, journey.size);
    const wrong = await otherBag(journey, page);
    await journey.fromWorklist(page, task);
    const form = page.locator("form").filter({ has: page.getByLabel(/^Scan the label: /) });
    await journey.fillScans(form, new Map([["apheresis bag", [wrong]]]));
    const since = Date.now();
    await form.getByRole("button", { name: "Check", exact: true }).click();
    await Promise.all(devices.map((page) => covered(page, since)));
    for (const show of missed) await show(since);
    await stopShown(page);
    await house.look(page, "stop");
    expect((await page.getByText(wrong).count()) > 0, "what was read is not shown");
    const right = journey.labels.get("apheresis bag")[0];
    expect((await page.getByText(right).count()) > 0, "what was expected is not shown");
  });
  if (!stopped) return false;
  await house.check(say("the stop covers every device, until it was seen there"), async () => {
    for (const page of devices) {
      await cover(page).getByText("Do this now").waitFor();
      expect((await cover(page).getByText(journey.patient.family).count()) === 0 || page === watching,
        "the patient is named to who must not know");
      const { tones, shakes } = await page.evaluate(() => globalThis.sounded);
      expect(page === units ? tones + shakes === 0 : tones > 0 && shakes > 0,
        `${tones} tones, ${shakes} times shaken`);
    }
    if (house.shots) await house.pictures(watching, "stop over a page");
    for (const page of devices) await seen(page);
    const field = beside.getByLabel(/^Scan the label: /).first();
    expect((await field.inputValue()) === "typed before the stop", "what was typed is gone, or changed");
  });
  await house.check(say("the stop is on every page that shows the order"), async () => {
    const page = await house.page(warehouse, journey.size);
    await page.goto(task.path);
    await stopShown(page);
    await page.goto("/work");
    await page.getByRole("listitem").filter({ hasText: journey.coi }).getByText("Stopped").waitFor();
    await house.look(page, "worklist with a stop");
    await watching.getByText(/^Stopped: mismatch/).waitFor({ timeout: 20_000 });
    await house.look(watching, "order stopped");
    expect(await watching.evaluate(() => globalThis.untouched), "the page was loaded anew");
    const row = tower.getByRole("listitem").filter({ hasText: journey.coi });
    await row.getByText("Stopped").waitFor({ timeout: 20_000 });
    await house.look(tower, "tower with a stop");
  });
  await house.check(say("who was involved cannot end it"), async () => {
    const page = await house.page(warehouse, journey.size);
    await page.goto(task.path);
    expect(
      (await page.getByRole("button", { name: "Resolve the stop" }).count()) === 0,
      "it is offered",
    );
  });
  const ended = await house.check(say("the independent resolver ends it, with reason"), async () => {
    const page = await journey.open(resolver);
    await page.getByRole("link", { name: "Open the stop" }).click();
    await stopShown(page);
    await house.look(page, "stop to resolve");
    await page.getByLabel("Continue: the identity is proven").check();
    await page
      .getByLabel("What was found, and why this is safe")
      .fill("The next order's bag was picked up; ours had not left its shelf.");
    await page.getByRole("button", { name: "Resolve the stop" }).click();
    await journey.accepted(page);
    await page.getByRole("link", { name: "Open the task" }).waitFor();
    await watching.getByRole("link", { name: "See the stop" })
      .waitFor({ state: "detached", timeout: 20_000 });
  });
  if (ended)
    await house.check(say("a resolved stop goes from every device"), async () => {
      for (const page of devices)
        await page.locator(".strip.stopped").waitFor({ state: "detached", timeout: 20_000 });
    });
  for (const page of devices) await page.context().close();
  if (ended)
    await house.check(say("the deviation is found and closed"), () => closeDeviation(journey, resolver));
  return ended;
}

async function closeDeviation(journey, resolver) {
  const { house } = journey;
  const page = await journey.open(resolver);
  const link = page.getByRole("link", { name: /^DEV-/ }).first();
  const number = (await link.innerText()).trim();
  await page.goto("/deviations");
  await house.look(page, "deviations");
  await page.getByRole("link", { name: number }).click();
  await page.getByRole("heading", { level: 1, name: number }).waitFor();
  await house.look(page, "deviation");
  await page.getByLabel("Root cause").selectOption("handling");
  await page.getByLabel("Conclusion").fill("Two bags stood on one shelf; shelves are parted now.");
  await page.getByLabel("Why it can be closed").fill("Nothing was opened.");
  await page.getByRole("button", { name: "Close the deviation" }).click();
  await journey.accepted(page);
  await page.getByText("Closed", { exact: true }).first().waitFor();
  await house.look(page, "deviation closed");
}
