/* Times on the wall where the clock is changed, and a workflow tried: pages on which nothing is kept. */
import { expect } from "./house.mjs";

/* The nights in which it is put forward and back. */
const nights = [
  {
    zone: "Europe/London",
    gap: "2027-03-28T01:30",
    twice: "2026-10-25T01:30",
    zones: ["+01:00", "+00:00"],
    before: ["2027-03-28T00:30", "2027-03-28T00:30:00+00:00"],
    after: ["2027-03-28T02:30", "2027-03-28T02:30:00+01:00"],
  },
  {
    zone: "America/New_York",
    gap: "2027-03-14T02:30",
    twice: "2026-11-01T01:30",
    zones: ["-04:00", "-05:00"],
    before: ["2027-03-14T01:30", "2027-03-14T01:30:00-05:00"],
    after: ["2027-03-14T03:30", "2027-03-14T03:30:00-04:00"],
  },
];

async function night(house, size, n) {
  const context = await house.visitor(size, { timezoneId: n.zone });
  const page = context.pages()[0];
  await house.signIn(page, house.person("physician"));
  await page.goto("/definitions/form/collection/try");
  const field = page.locator(".field", { hasText: "Collection started" });
  const picker = field.locator('input[type="datetime-local"]');
  const sent = field.locator('input[name="started"]');
  const which = field.locator("select");
  for (const [wall, zoned] of [n.before, n.after]) {
    await picker.fill(wall);
    expect((await sent.inputValue()) === zoned, `${wall} is sent as ${await sent.inputValue()}`);
  }
  await picker.fill(n.gap);
  expect((await sent.inputValue()) === "", "an hour that does not exist is sent");
  expect(!(await picker.evaluate((p) => p.validity.valid)), "… and is taken for valid");
  await picker.fill(n.twice);
  expect((await sent.inputValue()) === "", "one of two hours is taken without asking");
  expect(await which.isVisible(), "nobody asks which hour is meant");
  await house.look(page, "form with an hour that comes twice");
  for (const zone of n.zones) {
    await which.selectOption({ label: zone });
    expect((await sent.inputValue()) === `${n.twice}:00${zone}`, `sent ${await sent.inputValue()}`);
  }
  await picker.fill(n.before[0]);
  expect(await which.isHidden(), "the question stays");
  await context.close();
}

async function tried(house, size) {
  const page = await house.page(house.person("physician"), size);
  await page.goto("/definitions/workflow/corvicel/4");
  await page.getByRole("link", { name: "Try this workflow" }).click();
  await page.getByRole("heading", { level: 1, name: /^Trial:/ }).waitFor();
  await house.look(page, "workflow to be tried");
  const steps = page.getByLabel("Journey");
  const text = await steps.inputValue();
  await page.getByRole("button", { name: "Try it" }).click();
  await page.getByText("All as expected").waitFor();
  await page.getByText(/^opens: Collect and label/).waitFor();
  await steps.fill(`${text}- { complete: collect, opens: [receive] }\n- { open: [receive] }\n`);
  await page.getByRole("button", { name: "Try it" }).click();
  await page.getByText(/^Not as expected: [1-9]/).waitFor();
  expect(!(await steps.inputValue()).includes("\uFFFD"), "ends of lines come back as what they are not");
  await house.look(page, "workflow tried");
  await steps.fill("title: x\nworkflow: corvicel\n");
  await page.getByRole("button", { name: "Try it" }).click();
  await page.getByRole("alert").getByText(/line/).waitFor();
  await page.getByLabel("The order's identifier").fill("00000000-0000-7000-8000-000000000000");
  await page.getByRole("button", { name: "Hold it against this version" }).click();
  await page.getByRole("alert").getByText("there is no such order").waitFor();
}

/* The history of an order that the person sees, under the version that it runs under. */
async function replayed(house, size) {
  const page = await house.page(house.person("coordinator"), size);
  await page.goto("/");
  await page.locator('a[href^="/orders/"]').first().waitFor();
  const links = await page
    .locator('a[href^="/orders/"]')
    .evaluateAll((all) => all.map((a) => a.getAttribute("href")));
  const order = links.map((l) => l.match(/^\/orders\/([0-9a-f-]{36})$/)?.[1]).find(Boolean);
  expect(order, "no order in sight");
  const product = /Lunacel/i.test(await (await page.goto(`/orders/${order}`)).text()) ? "lunacel" : "corvicel";
  const called = await page.locator(".order-head .coi").first().innerText();
  await page.goto(`/definitions/workflow/${product}/try`);
  await page.getByLabel("The order's identifier").fill(called.trim());
  await page.getByRole("button", { name: "Hold it against this version" }).click();
  await page.getByText("This version would have led the order the same way").waitFor();
  await house.look(page, "order held against a version");
}

export async function clocks(house) {
  for (const n of nights)
    await house.check(`times on the wall where the clock is changed, in ${n.zone}`, () =>
      night(house, n === nights[0] ? "phone" : "desktop", n),
    );
  for (const size of ["phone", "desktop"]) {
    await house.check(`a workflow is tried at ${size}`, () => tried(house, size));
    await house.check(`an order's history is held against a version at ${size}`, () =>
      replayed(house, size),
    );
  }
}
