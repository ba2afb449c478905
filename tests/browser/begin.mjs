/* An order's beginning: the coordinator enrols, the physician prescribes, the coordinator places.
 * partial: CLN-01 enrolment, prescription, placing and dates by the portal's pages */
import { expect } from "./house.mjs";

async function enrol(j, page) {
  const { patient } = j;
  await page.goto("/");
  await j.house.look(page, "tower");
  await j.hands.press(page.getByRole("link", { name: "Patients" }));
  await page.getByRole("heading", { level: 1, name: "Patients" }).waitFor();
  await j.hands.press(page.getByRole("link", { name: "Enrol a patient" }));
  await j.house.look(page, "enrolment");
  await j.hands.fill(page.getByLabel("Family name"), patient.family);
  await j.hands.fill(page.getByLabel("Given names"), patient.given);
  await j.hands.fill(page.getByLabel("Date of birth"), patient.birth);
  await j.hands.check(page.getByRole("group", { name: "Sex" }).getByLabel(patient.sex, { exact: true }));
  await j.hands.fill(page.getByLabel("Patient number, as on the wristband"), patient.number);
  await j.hands.press(page.getByRole("button", { name: "Enrol" }));
  await j.accepted(page);
}

async function prescribe(j, page) {
  await page.goto("/patients");
  await j.house.look(page, "patients");
  await j.hands.press(page.getByRole("link", { name: new RegExp(`^${j.patient.family}, `) }).first());
  await j.house.look(page, "patient");
  await j.hands.check(page.getByLabel(new RegExp(`^${j.product}`)));
  await j.hands.select(page.getByLabel("Indication (ICD-10)"), j.indication);
  await j.hands.select(page.getByLabel("Jurisdiction"), { label: "European Union" });
  await j.hands.fill(page.getByLabel("Weight"), j.weight);
  await j.hands.press(page.getByRole("button", { name: "Prescribe" }));
  await j.accepted(page);
}

/* Who takes part, by the names that the page gives the parts. */
async function place(j, page) {
  await page.goto("/patients");
  await j.house.look(page, "patients with a prescription");
  await j.hands.press(page.getByRole("link", { name: new RegExp(`^${j.patient.family}, `) }).first());
  await j.hands.press(page.getByRole("link", { name: "To be placed" }));
  await page.getByRole("heading", { level: 1, name: "Place the order" }).waitFor();
  await j.house.look(page, "placing");
  const sites = ["Rivermouth Apheresis Centre", "Swiftline depot", "Halden Cell Works",
    "Halden Quality Laboratory", j.hospital];
  for (const field of await page.getByRole("combobox").all()) {
    const part = await field.evaluate((f) => f.name);
    const at = ["collection", "courier", "manufacture", "laboratory", "treatment"]
      .findIndex((name) => part === `part.${name}`);
    const options = await field.getByRole("option").allInnerTexts();
    const label = options.find((text) => text.startsWith(sites[at]));
    if (label) await j.hands.select(field, { label });
  }
  await j.hands.press(page.getByRole("button", { name: "Place the order" }));
  await j.accepted(page);
}

/* One day after the other: the pickers stand in the order of the journey. */
async function schedule(j, page) {
  await j.hands.press(page.getByText("Plan the dates").first());
  const button = page.getByRole("button", { name: "Plan the dates" });
  const form = page.locator("form").filter({ has: button });
  const pickers = await form.locator('input[type="datetime-local"]').all();
  expect(pickers.length > 2, `${pickers.length} dates to plan`);
  const year = new Date().getFullYear() + 1;
  for (const [i, picker] of pickers.entries())
    await j.hands.fill(picker, `${year}-03-${String(i + 1).padStart(2, "0")}T09:30`);
  await j.house.look(page, "order with dates to plan");
  await j.hands.press(button);
  await j.accepted(page);
  /* One moment, by the clock of whichever site the person works at. */
  const shown = new RegExp(`1 Mar ${year}, (08:30 GMT|09:30 CET)`);
  expect((await page.getByText(shown).count()) > 0, "a date is not shown");
}

export async function beginOrder(j) {
  const physician = j.house.person("physician", j.hospital);
  await enrol(j, await j.house.page(j.coordinator, j.size));
  await prescribe(j, await j.house.page(physician, j.size));
  const page = await j.house.page(j.coordinator, j.size);
  await place(j, page);
  await page.getByRole("link", { name: "Open the task" }).waitFor();
  await schedule(j, page);
  j.path = new URL(page.url()).pathname;
  expect(/^\/orders\/[^/]+$/.test(j.path), `placed, but at ${page.url()}`);
  const heading = await page.getByRole("heading", { level: 1 }).textContent();
  j.coi = heading.trim().split(" ").pop();
  j.house.ours.push(j.coi);
}
