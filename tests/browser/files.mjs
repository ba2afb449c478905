/* A file at a form's field: sent in pieces by the script, on from where a lost connection left it, and
 * with the form itself where there is no script. Nothing is recorded: a correction is begun and left.
 * partial: EBR-05 a raw file stands beside its record, with and without script */
import { expect } from "./house.mjs";

const pdf = (bytes) => ({
  name: "finding.pdf",
  mimeType: "application/pdf",
  buffer: Buffer.concat([Buffer.from("%PDF-1.7\n"), Buffer.alloc(bytes, "x")]),
});

/* A record of tests, of an order whose late results are still to come. */
async function record(page) {
  await page.goto("/work");
  const late = await page.locator("a[href$='/tasks/late_results']").first().getAttribute("href");
  return late.replace("late_results", "test?correct=1");
}

export async function files(house) {
  const analyst = house.person("analyst");
  await house.check("a file is sent in pieces, over a connection that breaks", async () => {
    const page = await house.page(analyst, "desktop");
    let pieces = 0;
    await page.goto(await record(page));
    await page.route("**/uploads/*", (route) =>
      route.request().method() === "PATCH" && ++pieces === 2 ? route.abort() : route.continue(),
    );
    await page.getByLabel("Laboratory's report").setInputFiles(pdf(3 << 20));
    await page.getByRole("checkbox", { name: "finding.pdf" }).waitFor({ timeout: 30_000 });
    await page.unroute("**/uploads/*");
    expect(pieces === 5, `${pieces} pieces: four, and the one that was lost again`);
    const text = { name: "notes.bin", mimeType: "text/plain", buffer: Buffer.alloc(2000) };
    await page.getByLabel("Laboratory's report").setInputFiles(text);
    await page.getByText("Files of this kind are not stored").last().waitFor();
    expect(await page.getByRole("checkbox", { name: "finding.pdf" }).isChecked(), "still there");
    house.troubles = house.troubles.filter((t) => !t.includes("ERR_FAILED")); /* we broke it */
  });
  await house.check("a busy server is told apart, and a file that stays unknown ends", async () => {
    const page = await house.page(analyst, "desktop");
    let begun = 0;
    let busy = true;
    await page.goto(await record(page));
    await page.route("**/files/*/about", (route) => route.fulfill({
      status: 404, contentType: "application/problem+json", body: '{"detail":"not for you"}',
    }));
    await page.route("**/uploads", (route) => {
      begun++;
      if (!busy) return route.continue();
      busy = false;
      return route.fulfill({ status: 503, body: "" });
    });
    await page.getByLabel("Laboratory's report").setInputFiles(pdf(1000));
    await page.getByText("The server is busy").first().waitFor();
    await page.getByRole("button", { name: "Try again" }).waitFor({ timeout: 30_000 });
    await page.getByText("Not for you").last().waitFor();
    expect(begun <= 4, `${begun} uploads begun`);
    await page.unroute("**/files/*/about");
    await page.unroute("**/uploads");
    house.troubles = house.troubles.filter((t) => !t.includes("status of 503"));
  });
  await house.look(house.last, "form-with-file");
  await house.check("a file is sent with the form, without script", async () => {
    const page = await house.page(analyst, "phone", { script: false });
    await page.goto(await record(page));
    await page.getByLabel("Viability").fill("93.25");
    await page.getByLabel("Laboratory's report").setInputFiles(pdf(1000));
    await page.getByRole("button", { name: "Attach" }).last().click();
    expect(await page.getByRole("checkbox", { name: "finding.pdf" }).isChecked(), "it is chosen");
    expect((await page.getByLabel("Viability").inputValue()) === "93.25", "typed text stays");
  });
}
