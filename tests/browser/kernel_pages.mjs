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

/* A browser of the person's, signed in, with a passkey of Chromium's own virtual authenticator. */
async function registered(house, person, size) {
  const context = await house.visitor(size);
  const page = context.pages()[0];
  const client = await context.newCDPSession(page);
  await client.send("WebAuthn.enable");
  await client.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true,
      isUserVerified: true, automaticPresenceSimulation: true,
    },
  });
  const at = house.demo.address.replace("127.0.0.1", "localhost"); /* no passkey for an address */
  await page.goto(`${at}/sign-in`);
  await page.getByLabel("Login").fill(person.login);
  await page.getByLabel("Password").fill(house.demo.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Lock" }).waitFor();
  await page.goto(`${at}/account`);
  await page.getByText("Register a passkey or security key").click();
  await page.getByLabel("What you call it").fill("test key");
  await page.locator("#token-password").fill(house.demo.password);
  await page.getByRole("button", { name: "Register it" }).click();
  await page.getByText("test key").waitFor();
  return { context, page, at };
}

/* Of the batch review that the quality assurance signed. */
async function countersigned(house, size, number) {
  const person = house.person("qualified_person", undefined, number);
  await house.check(`a passkey signs at ${size}`, async () => {
    const { context, page, at } = await registered(house, person, size);
    const order = await page.evaluate(async () => {
      const answer = await fetch("/work", { headers: { Accept: "application/json" } });
      return (await answer.json()).rows.find((row) => row.late).order_id;
    });
    await page.goto(`${at}/orders/${order}/tasks/review_batch`);
    await page.getByText("More", { exact: true }).first().click();
    await page.getByRole("button", { name: "Countersign" }).first().click();
    await page.getByRole("heading", { level: 1, name: "Sign" }).waitFor();
    await house.look(page, "signing, with a passkey");
    await page.getByRole("button", { name: "Sign with passkey" }).click();
    await page.waitForURL(`${at}/orders/${order}/tasks/review_batch`);
    await page.getByText("by token").first().waitFor();
    await page.goto(`${at}/orders/${order}/coi/report`);
    await page.getByRole("cell", { name: "by token" }).first().waitFor();
    await page.goto(`${at}/sign-several/flow.sign?order=${order}`);
    await page.getByText("Nothing waits for your signature").waitFor();
    await house.look(page, "several to sign, of which none waits");
    await page.goto(`${at}/account`); /* the journeys' people sign in with passwords alone */
    const key = page.getByRole("listitem").filter({ hasText: "test key" });
    await key.getByText("Revoke", { exact: true }).click();
    await key.locator("form.token").getByRole("textbox").fill("tried it");
    await key.getByRole("button", { name: "Revoke with a passkey or security key" }).click();
    await key.waitFor({ state: "detached" });
    await context.close();
  });
}

/* A passkey: registered, used to sign in, and to go on after
 * the lock, below which what was typed still stands. */
export async function passkey(house) {
  const person = house.person("safety_officer"); /* whom no journey needs */
  await house.check("a passkey registers, signs in, unlocks; nothing typed is lost", async () => {
    const { context, page, at } = await registered(house, person, "tablet");
    await house.look(page, "sign-in and devices, with a passkey");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await page.getByRole("button", { name: "Lock" }).waitFor();
    await page.goto(`${at}/password`);
    await page.getByLabel("Present password").fill("typed before the lock");
    await page.getByRole("button", { name: "Lock" }).click();
    await page.getByRole("heading", { name: "Locked" }).waitFor();
    if (house.shots) await house.pictures(page, "locked over a page");
    await page.getByRole("button", { name: "Go on with a passkey" }).click();
    await page.locator("dialog").waitFor({ state: "detached" });
    const kept = await page.getByLabel("Present password").inputValue();
    expect(kept === "typed before the lock", `what was typed is "${kept}"`);
    await page.getByRole("button", { name: "Lock" }).click();
    await page.getByLabel("Password or PIN").fill("not the password");
    await page.getByRole("button", { name: "Go on", exact: true }).click();
    await page.getByRole("alert").getByText("does not show that it is you").waitFor();
    await page.getByLabel("Password or PIN").fill(house.demo.password);
    await page.getByRole("button", { name: "Go on", exact: true }).click();
    await page.locator("dialog").waitFor({ state: "detached" });
    await context.close();
  });
}

/* Without script the lock is a page. */
export async function lock(house, size) {
  const page = await house.page(house.person("warehouse"), size, { script: false });
  await house.check(`the lock without script at ${size}`, async () => {
    await page.goto("/ledger");
    await page.getByRole("button", { name: "Lock" }).click();
    await page.getByRole("heading", { level: 1, name: "Locked" }).waitFor();
    await page.goto("/definitions");
    await page.getByLabel("Password or PIN").fill(house.demo.password);
    await page.getByRole("button", { name: "Go on", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Definitions" }).waitFor();
  });
  /* axe-core needs scripts: the same page in another browser of theirs. */
  const scripted = await house.page(house.person("warehouse"), size);
  await house.check(`the lock's cover stays at ${size}`, async () => {
    await scripted.goto("/ledger");
    await scripted.getByRole("button", { name: "Lock" }).click();
    await scripted.getByRole("heading", { name: "Locked" }).waitFor();
    for (let i = 0; i < 3; i++) await scripted.keyboard.press("Escape");
    await scripted.waitForTimeout(200);
    expect(await scripted.locator("dialog:modal").count() === 1, "Escape took the cover away");
    await scripted.getByLabel("Password or PIN").fill(house.demo.password);
    await scripted.getByRole("button", { name: "Go on", exact: true }).click();
    await scripted.locator("dialog").waitFor({ state: "detached" });
    await scripted.context().setOffline(true);
    await scripted.getByRole("button", { name: "Lock" }).click();
    await scripted.locator("dialog").getByText("As soon as the server is reached").waitFor();
    await scripted.context().setOffline(false);
    house.troubles = house.troubles.filter((t) => !t.includes("INTERNET_DISCONNECTED")); /* ours */
    await scripted.getByLabel("Password or PIN").fill(house.demo.password, { timeout: 15000 });
    await scripted.getByRole("button", { name: "Go on", exact: true }).click();
    await scripted.locator("dialog").waitFor({ state: "detached" });
    /* A proxy's answer uncovers nothing, and what it swallowed is told when the server is back. */
    const asked = /\/(lock|locked|here)(\?|$)/;
    await scripted.route(asked, (route) => route.fulfill({ status: 503, body: "<p>busy</p>" }));
    await scripted.getByRole("button", { name: "Lock" }).click();
    await scripted.locator("dialog").getByText("As soon as the server is reached").waitFor();
    await scripted.waitForTimeout(500);
    expect(await scripted.locator("dialog:modal").count() === 1, "a 503 took the cover away");
    await scripted.unroute(asked);
    house.troubles = house.troubles.filter((t) => !t.includes("503")); /* ours */
    await scripted.getByLabel("Password or PIN").fill(house.demo.password, { timeout: 15000 });
    await scripted.getByRole("button", { name: "Go on", exact: true }).click();
    await scripted.locator("dialog").waitFor({ state: "detached" });
  });
  await house.check(`the lock's page at ${size}`, async () => {
    await scripted.goto("/ledger");
    await scripted.getByRole("button", { name: "Lock" }).click();
    await scripted.locator("dialog").waitFor();
    await scripted.goto("/locked");
    await scripted.getByRole("heading", { level: 1, name: "Locked" }).waitFor();
    await house.look(scripted, "locked");
    await scripted.getByLabel("Password or PIN").fill(house.demo.password);
    await scripted.getByRole("button", { name: "Go on", exact: true }).click();
    await scripted.getByRole("button", { name: "Lock" }).waitFor();
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
    await page.goto("/definitions/workflow/corvicel/4");
    await house.look(page, "definition of a workflow");
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Ledger" }).click();
    await page.getByRole("heading", { level: 1, name: "Ledger" }).waitFor();
    expect((await page.getByText("Holds", { exact: true }).count()) === 3, "a check does not hold");
    await house.look(page, "ledger");
    await page.getByRole("link", { name: "Help and API" }).click();
    await page.getByRole("heading", { level: 1, name: "Help and API" }).waitFor();
    await house.look(page, "help");
    await page.getByRole("link", { name: "Sign-in and devices" }).click();
    await page.getByRole("heading", { level: 1, name: "Sign-in and devices" }).waitFor();
    await house.look(page, "sign-in and devices");
    await page.getByRole("link", { name: "Change", exact: true }).click();
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

/* What those look through who oversee others. */
async function oversight(house, size) {
  const pages = [
    ["/trail", "audit trail"], ["/looks", "who read personal data"], ["/access", "access"],
    ["/access/review", "access review"], ["/emergencies", "emergency accesses"],
    ["/definitions/drafts", "drafts"], ["/definitions/draft", "new draft"],
  ];
  const page = await house.page(house.person("quality_manager", "Corvida office"), size);
  for (const [path, kind] of pages) {
    await page.goto(path);
    await house.look(page, kind);
  }
  await house.check(`the trail tells of the sponsor's orders at ${size}`, async () => {
    await page.goto("/trail");
    await page.getByText(/^Order [A-Z]+-/).first().waitFor();
  });
  const ward = await house.page(house.person("ward_nurse"), size);
  await ward.goto("/emergency");
  await house.look(ward, "taking emergency access");
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
    await oversight(house, size);
  }
  await lock(house, "phone");
  await passkey(house);
  await countersigned(house, "phone", 0);
  await countersigned(house, "desktop", 1);
  await keyboard(house);
}
