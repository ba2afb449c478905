/* Forms that change what is there: a patient's data corrected while the order runs, a unit divided,
 * sampled and discarded on its own page. */
import { expect } from "./house.mjs";

/* The coordinator corrects the given name; the order says so, and the check is for the new one. */
export async function correctPatient(j, say) {
  const given = `${j.patient.given}-Maria`;
  const reason = "as in the passport";
  await j.house.check(say("a patient's name is corrected, and what was there stays"), async () => {
    const page = await j.house.page(j.coordinator, j.size);
    await page.goto("/patients");
    await page.getByRole("link", { name: new RegExp(`^${j.patient.family}, `) }).first().click();
    const details = page.locator("#correct");
    await details.getByText("Correct the data").first().click();
    await j.house.look(page, "patient with a correction");
    const button = details.getByRole("button", { name: "Correct the data" });
    await details.getByLabel("Reason for the correction").fill(reason);
    await button.click();
    await page.getByRole("alert").getByText("Nothing of it differs").waitFor();
    expect(
      (await details.getByLabel("Reason for the correction").inputValue()) === reason,
      "the reason is gone",
    );
    await details.getByLabel("Given names").fill(given);
    await button.click();
    await j.accepted(page);
    await page.getByRole("heading", { level: 1, name: given }).waitFor();
    const history = page.locator("#corrections");
    await history.getByText(j.patient.given, { exact: true }).waitFor();
    await history.getByText(given, { exact: true }).waitFor();
    await history.getByText(reason).waitFor();
    await j.house.look(page, "patient corrected");
    j.patient.given = given;
  });
  await j.house.check(say("the order tells of the correction"), async () => {
    const page = await j.open(j.coordinator);
    await page.getByText("Patient's data corrected: given names").waitFor();
  });
}

/* The unit's page, from the task that it belongs to. */
async function unitPage(j, person, kind) {
  const page = await j.open(person, { part: "/units" });
  await page.getByRole("link", { name: new RegExp(`^${kind}`, "i") }).first().click();
  await page.getByRole("heading", { level: 1, name: new RegExp(`^${kind}`, "i") }).waitFor();
  return page;
}

/* More than the unit holds comes back with what was entered; then it is what was taken. */
export async function divideUnit(j, person, from, piece, { quantity, loss, rest }) {
  const page = await unitPage(j, person, from);
  const form = page.locator("#split");
  await form.getByText("Divide it").first().click();
  await j.house.look(page, "unit to be divided");
  await form.getByLabel("Part 1").selectOption({ label: piece });
  await form.getByLabel("Quantity").first().fill(quantity);
  await form.getByLabel("Lost on the way, if any").fill("9000 mL");
  await form.getByRole("button", { name: "Divide it" }).click();
  await page.getByRole("alert").getByText(/holds 183 mL|holds 133 mL/i).waitFor();
  expect((await form.getByLabel("Quantity").first().inputValue()) === quantity, "a part is gone");
  await j.house.look(page, "unit with a refused division");
  await form.getByLabel("Lost on the way, if any").fill(loss);
  await form.getByRole("button", { name: "Divide it" }).click();
  await j.accepted(page);
  await page.getByText(`− ${quantity}`).waitFor();
  await page.getByText(`− ${loss}`).waitFor();
  await page.locator(".account").getByText(rest).first().waitFor();
  await page.getByRole("link", { name: new RegExp(`^${piece}`, "i") }).waitFor();
}

export async function sampleUnit(j, person, from, kind, { quantity, rest }) {
  const page = await unitPage(j, person, from);
  const form = page.locator("#sample");
  await form.getByText("Take a sample").first().click();
  await form.getByLabel("How much is taken").fill(quantity);
  await form.getByRole("button", { name: "Take a sample" }).click();
  await j.accepted(page);
  await page.getByText(`− ${quantity}`).waitFor();
  await page.locator(".account").getByText(rest).first().waitFor();
  await page.getByRole("link", { name: new RegExp(`^${kind}`, "i") }).waitFor();
  await j.house.look(page, "unit sampled");
}

export async function discardUnit(j, person, kind) {
  const page = await unitPage(j, person, kind);
  const form = page.locator("#discard");
  await form.getByText("Discard it").first().click();
  await j.house.look(page, "unit to be discarded");
  await form.getByLabel("Reason").fill("no longer needed");
  await form.getByRole("button", { name: "Discard it" }).click();
  await j.accepted(page);
  await page.locator(".account").getByText("Discarded").waitFor();
  expect((await page.locator("#discard").count()) === 0, "it can be discarded again");
}
