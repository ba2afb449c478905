/* Pages that know no order: signing in, the shell, definitions, ledger, help, problems. */
import { expect, sizes } from "./house.mjs";

async function signing(house, size) {
  const nurse = house.person("ward_nurse");
  await house.check(`signing in, wrongly and rightly, at ${size}`, async () => {
    const context = await house.visitor(size);
    const page = context.pages()[0];
    await page.goto("/ledger");
    await house.look(page, "sign-in");
    await house.signIn(page, nurse, "not the password");
    await page.getByRole("alert").waitFor();
    await house.look(page, "sign-in refused");
    await page.goto("/ledger");
    await page.getByLabel("Login").fill(nurse.login);
    await page.getByLabel("Password").fill(house.demo.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { level: 1, name: "Ledger" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.goto("/ledger");
    expect(new URL(page.url()).pathname === "/sign-in", "signed out, and still let in");
    await context.close();
  });
}

async function shell(house, size) {
  const physician = house.person("physician");
  const page = await house.page(physician, size);
  await house.check(`the kernel's pages by their links at ${size}`, async () => {
    await page.goto("/definitions");
    await house.look(page, "definitions");
    await page.getByRole("link", { name: "Eligibility" }).first().click();
    await page.getByRole("heading", { level: 1, name: "Eligibility" }).waitFor();
    await house.look(page, "definition");
    await page.goto("/definitions/workflow/corvicel/3");
    await house.look(page, "definition of a workflow");
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Ledger" }).click();
    await page.getByRole("heading", { level: 1, name: "Ledger" }).waitFor();
    expect((await page.getByText("Holds", { exact: true }).count()) === 3, "a check does not hold");
    await house.look(page, "ledger");
    await page.getByRole("link", { name: "Help and API" }).click();
    await page.getByRole("heading", { level: 1, name: "Help and API" }).waitFor();
    await house.look(page, "help");
    await page.getByRole("link", { name: "Change password" }).click();
    await page.getByRole("heading", { level: 1, name: "New password" }).waitFor();
    await house.look(page, "password");
    await page.goto("/site");
    await house.look(page, "site");
  });
  await house.check(`what is not there says so at ${size}`, async () => {
    const answer = await page.goto("/nowhere");
    expect(answer.status() === 404, `status ${answer.status()}`);
    await page.getByRole("alert").waitFor();
    await house.look(page, "problem");
    const foreign = await page.goto("/orders/00000000-0000-7000-8000-000000000000");
    expect(foreign.status() === 404, `status ${foreign.status()} of an unknown order`);
  });
}

/* By keyboard alone: the first Tab offers the way to the content, and Enter takes it. */
async function keyboard(house) {
  const page = await house.page(house.person("physician"), "desktop");
  await house.check("the content is one key away", async () => {
    await page.goto("/ledger");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    const at = await page.evaluate(() => document.activeElement?.id);
    expect(at === "main", `the focus is at ${at}`);
  });
}

export async function kernelPages(house) {
  for (const size of Object.keys(sizes).filter((name) => name !== "tablet")) {
    await signing(house, size);
    await shell(house, size);
  }
  await keyboard(house);
}
