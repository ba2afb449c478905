/* An order's beginning: the coordinator enrols, the physician prescribes, the coordinator places.
 * partial: CLN-01 enrolment, prescription, placing and dates by the portal's pages */
import { expect } from "./house.mjs";

async function enrol(j, page) {
  const { patient } = j;
  await page.goto("/");
  await j.house.look(page, "tower");
  await page.getByRole("link", { name: "Patients" }).click();
  await page.getByRole("heading", { level: 1, name: "Patients" }).waitFor();
  await page.getByRole("link", { name: "Enrol a patient" }).click();
  await j.house.look(page, "enrolment");
  await page.getByLabel("Family name").fill(patient.family);
  await page.getByLabel("Given names").fill(patient.given);
  await page.getByLabel("Date of birth").fill(patient.birth);
  await page.getByRole("group", { name: "Sex" }).getByLabel(patient.sex, { exact: true }).check();
  await page.getByLabel("Patient number, as on the wristband").fill(patient.number);
  await page.getByRole("button", { name: "Enrol" }).click();
  await j.accepted(page);
}

async function prescribe(j, page) {
  await page.goto("/patients");
  await j.house.look(page, "patients");
  await page.getByRole("link", { name: new RegExp(`^${j.patient.family}, `) }).first().click();
  await j.house.look(page, "patient");
  await page.getByLabel(new RegExp(`^${j.product}`)).check();
  await page.getByLabel("Indication (ICD-10)").selectOption(j.indication);
  await page.getByLabel("Jurisdiction").selectOption({ label: "European Union" });
  await page.getByLabel("Weight").fill(j.weight);
  await page.getByRole("button", { name: "Prescribe" }).click();
  await j.accepted(page);
}

/* Who takes part, by the names that the page gives the parts. */
async function place(j, page) {
  await page.goto("/patients");
  await j.house.look(page, "patients with a prescription");
  await page.getByRole("link", { name: new RegExp(`^${j.patient.family}, `) }).first().click();
  await page.getByRole("link", { name: "To be placed" }).click();
  await page.getByRole("heading", { level: 1, name: "Place the order" }).waitFor();
  await j.house.look(page, "placing");
  const sites = ["Rivermouth Apheresis Centre", "Swiftline depot", "Halden Cell Works",
    "Halden Quality Laboratory", j.hospital];
  for (const field of await page.getByRole("combobox").all()) {
    const part = await field.evaluate((f) => f.name);
    const at = ["collection", "courier", "manufacture", "laboratory", "treatment"]
      .findIndex((name) => part === `part.${name}`);
    const options = await field.getByRole("option").allInnerTexts();
    await field.selectOption({ label: options.find((text) => text.startsWith(sites[at])) });
  }
  await page.getByRole("button", { name: "Place the order" }).click();
  await j.accepted(page);
}

/* One day after the other: the pickers stand in the order of the journey. */
async function schedule(j, page) {
  await page.getByText("Plan the dates").first().click();
  const button = page.getByRole("button", { name: "Plan the dates" });
  const form = page.locator("form").filter({ has: button });
  const pickers = await form.locator('input[type="datetime-local"]').all();
  expect(pickers.length > 2, `${pickers.length} dates to plan`);
  const year = new Date().getFullYear() + 1;
  for (const [i, picker] of pickers.entries())
    await picker.fill(`${year}-03-${String(i + 1).padStart(2, "0")}T09:30`);
  await j.house.look(page, "order with dates to plan");
  await button.click();
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
