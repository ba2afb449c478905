/* One order from vein to vein. The way is not written here: the order's page names the open task,
 * who owes it and where; that person, in a browser of their own, finds it in their worklist and does
 * what the task's page asks for. Only what a page cannot know is told: who the patient is, what the
 * labels say, what was measured (values.json, by the form's title and the field's name). */
import { readFileSync } from "node:fs";
import { expect } from "./house.mjs";
import { beginOrder } from "./begin.mjs";
import { keys, pointing, stops } from "./hands.mjs";
import { correctPatient, discardUnit, divideUnit, sampleUnit } from "./forms.mjs";
import { stopAtReceipt } from "./stop.mjs";

const values = JSON.parse(readFileSync(new URL("values.json", import.meta.url)));
const TASKS_MAX = 40;
const ACTS_MAX = 16;

/* What is made, as written on the bag. */
const made = {
  "apheresis bag": { quantity: "185 mL", donation: true },
  "incoming sample": { quantity: "2 mL", from: "apheresis bag" },
  "final bag": { quantity: "50 mL", from: "apheresis bag" },
  "release sample": { quantity: "2 mL", from: "final bag" },
};

/* A donation number with its check character, ISO 7064 mod 37-2. */
function donationNumber() {
  const signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*";
  const number = `W999926${String(Date.now() % 1e6).padStart(6, "0")}`;
  let sum = 0;
  for (const sign of number) sum = ((sum + signs.indexOf(sign)) * 2) % 37;
  return number + signs[(38 - sum) % 37];
}

/* Dates and times are said relative to now; all else is itself. */
function entered(value) {
  if (value === "now") return new Date().toISOString();
  if (value === "3 hours ago") return new Date(Date.now() - 3 * 3600e3).toISOString();
  if (value === "today") return new Date().toISOString().slice(0, 10);
  if (value === "next year") return `${new Date().getFullYear() + 1}-06-30`;
  return value;
}

export class Journey {
  constructor(house, plan) {
    Object.assign(this, { house, ...plan });
    this.hands = plan.keys ? keys : pointing;
    this.labels = new Map(); /* kind → labels, as they are on the bags */
    this.symbols = new Map(); /* label → what a scanner reads from its symbol */
    this.coordinator = house.person("coordinator", plan.hospital);
    this.planner = house.person("planner"); /* of the manufacturer, who sees every task */
  }

  async open(person, { part = "", ...options } = {}) {
    const page = await this.house.page(person, this.size, options);
    await page.goto(this.path + part);
    return page;
  }

  /* --- the order's page says what is next --- */

  async next() {
    const page = (this.orderPage = await this.open(this.planner));
    const open = page.getByRole("link", { name: "Open the task" });
    if ((await open.count()) === 0) return undefined;
    const card = page.locator("section").filter({ has: open });
    const lines = (await card.innerText()).split("\n").filter((line) => line.trim() !== "");
    const at = lines.findIndex((line) => line.startsWith("Next · "));
    const owner = lines[at].replace("Next · ", "");
    const named = this.asTask(lines[at + 1], await open.getAttribute("href"), owner);
    return named.name === "administer" ? ((await this.thaw(page)) ?? named) : named;
  }

  /* Open beside the infusion, as long as there may be a further bag: the first comes before it. */
  async thaw(page) {
    const link = page.getByRole("link", { name: "Thaw", exact: true });
    if (this.thawed || (await link.count()) === 0) return undefined;
    this.thawed = true;
    const row = page.getByRole("listitem").filter({ has: link });
    const owner = (await row.innerText()).split("\n").find((line) => line.includes(this.hospital));
    return this.asTask("Thaw", await link.getAttribute("href"), owner);
  }

  asTask(title, path, owner) {
    const [, role, site] = owner.match(/^([^,]+), (.+?)(?: \d.*)?$/);
    return { title, path, name: path.split("/").pop(), role: role.toLowerCase().replaceAll(" ", "_"), site };
  }

  /* --- a task, by whoever it asks for --- */

  async task(task, options) {
    const person = this.house.person(task.role, task.site);
    const page = await this.house.page(person, this.size, options);
    this.person = person;
    await this.fromWorklist(page, task);
    for (let act = 0; act < ACTS_MAX; act++) {
      const what = await this.act(page, task);
      if (what === "completed") return;
      await this.house.look(page, `task after ${what}`);
    }
    throw new Error("the task asks for more and more");
  }

  async fromWorklist(page, task) {
    await page.goto("/work");
    await this.house.look(page, "worklist");
    const row = page.getByRole("listitem").filter({ hasText: this.coi });
    await this.hands.press(row.getByRole("link", { name: task.title, exact: true }));
    await page.getByRole("heading", { level: 1, name: task.title }).waitFor();
    const main = page.getByRole("navigation", { name: "Main" });
    const at = await main.locator("[aria-current]").innerText();
    expect(at.trim() === "My work", `the bar says that this is "${at}"`);
  }

  /* The record of a task, at the place that is next, by who is to sign there. */
  async sign(task) {
    const page = await this.house.page(this.person, this.size);
    await page.goto(`${this.path}/tasks/${task.name}`);
    await this.hands.press(page.locator(".places").getByRole("button", { name: /^Sign: / }));
    await page.getByRole("heading", { level: 1, name: "Sign" }).waitFor();
    const login = page.getByLabel("Sign-in name");
    if ((await login.count()) > 0) await this.hands.fill(login, this.person.login);
    await this.hands.fill(page.getByLabel("Password"), this.house.demo.password);
    await this.house.look(page, "signing a record");
    await this.hands.press(page.getByRole("button", { name: "Sign", exact: true }));
    await page.getByRole("heading", { level: 1, name: task.title }).waitFor();
    await this.accepted(page);
  }

  /* Whatever the page asks for first. */
  async act(page, task) {
    const button = (name) => page.getByRole("button", { name, exact: typeof name === "string" });
    const here = async (name) => (await button(name).count()) > 0;
    const forth = page.getByRole("link", { name: "Next step" });
    if ((await forth.count()) > 0) await this.follow(page, forth); /* what was made was in sight */
    if (await here("Check")) return this.identify(page, task);
    if ((await page.getByText("A second person, signed in").count()) > 0)
      return this.second(page, task);
    const toMake = page
      .locator("section")
      .filter({ has: page.getByRole("heading", { name: /^Make and label: / }) })
      .filter({ hasText: "To do" });
    if ((await toMake.count()) > 0) return this.make(page, toMake.first());
    if (await here(/^Hand over to /)) return this.handOver(page, button(/^Hand over to /));
    if (await here("Accept")) return this.handOver(page, button("Accept"));
    if (await here("Start the thaw")) return this.press(page, button("Start the thaw"));
    if (await here("Start the infusion")) return this.press(page, button("Start the infusion"));
    if (await here("Infusion ended")) return this.infused(page, button("Infusion ended"));
    return this.complete(page, task);
  }

  /* --- acts --- */

  async press(page, button) {
    const name = await button.first().innerText();
    await this.hands.press(button.first());
    await this.accepted(page);
    return name.toLowerCase();
  }

  async follow(page, link) {
    await link.first().click();
    await page.waitForLoadState("load");
  }

  async accepted(page) {
    await page.waitForLoadState("load");
    const alert = page.getByRole("alert");
    if ((await alert.count()) > 0) throw new Error(`refused: ${await alert.first().innerText()}`);
  }

  formOf(page, button) {
    return page.locator("form").filter({ has: button }).first();
  }

  async fillScans(form, labels = this.labels) {
    const patient = form.getByLabel("Name, as the patient says it");
    if ((await patient.count()) > 0) {
      const fill = (name, text) => this.hands.fill(form.getByLabel(name), text);
      await this.hands.fill(patient, `${this.patient.given} ${this.patient.family}`);
      await fill("Date of birth, as the patient says it", this.patient.birth);
      await fill("Wristband", `&#${this.patient.number}`);
      await fill("Order label", `&/${this.coi}`);
    }
    const units = form.getByLabel(/^Scan the label: /);
    const seen = new Map();
    for (let i = 0; i < (await units.count()); i++) {
      const name = await units.nth(i).evaluate((input) => input.labels[0].textContent);
      const kind = name.replace("Scan the label: ", "").trim();
      const at = seen.get(kind) ?? 0;
      seen.set(kind, at + 1);
      const label = labels.get(kind)[at];
      await this.hands.fill(units.nth(i), this.symbols.get(label) ?? label);
    }
  }

  async identify(page) {
    const button = page.getByRole("button", { name: "Check", exact: true });
    const form = this.formOf(page, button);
    await this.house.look(page, "task with a check");
    await this.fillScans(form);
    await this.press(page, form.getByRole("button", { name: "Check", exact: true }));
    await this.house.look(page, "task after a check");
    return "a check";
  }

  /* A second person of the same place, on a page of their own; the first then sees it passed. */
  async second(page, task) {
    const other = await this.house.page(this.house.person(task.role, task.site, 1), this.size);
    await this.fromWorklist(other, task);
    await this.identify(other);
    this.house.last = page;
    await page.reload();
    return "a second check";
  }

  async make(page, section) {
    const heading = await section.getByRole("heading", { level: 2 }).innerText();
    const kind = heading.replace("Make and label: ", "").trim();
    const what = made[kind];
    await this.house.look(page, "task with something to make");
    if (this.onUnitPages && (await this.onUnit(page, kind, what))) {
      await page.reload();
      await this.follow(page, page.getByRole("link", { name: heading }));
      return this.labelled(page, heading, kind);
    }
    await this.hands.fill(section.getByLabel("Quantity", { exact: true }), what.quantity);
    if (what.donation) await this.hands.fill(section.getByLabel("Donation number"), donationNumber());
    if (what.from) await this.takenFrom(section, what.from);
    await this.press(page, section.getByRole("button", { name: `Label the ${kind}` }));
    return this.labelled(page, heading, kind);
  }

  /* The same from the page of the unit that it is taken from: on a page of its own. */
  async onUnit(page, kind, { quantity, from }) {
    const held = kind === "incoming sample" ? "183 mL" : "0 mL";
    if (kind !== "incoming sample" && kind !== "final bag") return false;
    const task = page.url();
    if (kind === "final bag")
      await divideUnit(this, this.person, from, kind, { quantity, loss: "133 mL", rest: held });
    else await sampleUnit(this, this.person, from, kind, { quantity, rest: held });
    await page.goto(task);
    return true;
  }

  async labelled(page, heading, kind) {
    const done = page
      .locator("section")
      .filter({ has: page.getByRole("heading", { name: heading }) });
    const links = done.getByRole("listitem").getByRole("link");
    this.labels.set(kind, await links.allInnerTexts());
    for (const link of await links.all()) await this.print(page, await link.getAttribute("href"));
    expect(this.labels.get(kind).length > 0, `no label of the ${kind} is shown`);
    return "a unit was labelled";
  }

  /* As the label printer asks for it. */
  async print(page, unit) {
    const headers = { Accept: "application/json" };
    const answer = await page.request.get(`${unit}/label`, { headers });
    const { label, symbol } = await answer.json();
    this.symbols.set(label, symbol);
  }

  /* A sample is taken from one unit; a conversion takes all that is left of it. */
  async takenFrom(section, kind) {
    const from = section.getByLabel(/^(Made|Taken) from$/);
    const options = await from.getByRole("option").allInnerTexts();
    const parent = options.find((text) => text.startsWith(kind));
    await this.hands.select(from, { label: parent });
    const taken = section.getByLabel("How much of it went in");
    if ((await taken.count()) > 0)
      await this.hands.fill(taken, parent.split(", ").pop().replace(/\s/u, " "));
  }

  async handOver(page, button) {
    const form = this.formOf(page, button);
    await this.house.look(page, "task with a hand-over");
    await this.hands.fill(form.getByLabel("Shipper"), "SH-2210");
    await this.hands.fill(form.getByLabel("Seal", { exact: true }), "S-77120");
    await this.press(page, form.getByRole("button", { name: await button.first().innerText() }));
    return "a hand-over";
  }

  async infused(page, button) {
    const form = this.formOf(page, button);
    await this.house.look(page, "task with an infusion under way");
    await this.hands.fill(form.getByLabel("Volume given"), "48 mL");
    await this.hands.check(form.getByLabel("Given whole and borne well"));
    await this.press(page, form.getByRole("button", { name: "Infusion ended" }));
    return "an infusion";
  }

  async complete(page, task) {
    const button = page.getByRole("button", { name: "Complete the task" });
    const form = this.formOf(page, button);
    const section = page.locator("section").filter({ has: button });
    const title = section.getByRole("heading", { level: 2 });
    if (await this.inParts(page, task)) this.parted = task.path;
    if ((await button.count()) === 0) return "what is handed over next was recorded";
    if (this.parted !== task.path && (await title.count()) > 0)
      await this.fill(form, values[await title.innerText()]);
    await this.hands.press(button);
    await this.accepted(page);
    expect(new URL(page.url()).pathname === this.path, `completed, but at ${page.url()}`);
    return "completed";
  }

  /* Step by step a form is entered part by part, each kept before the next is shown. */
  async inParts(page, task) {
    const button = page.getByRole("button", { name: "Keep and go on" });
    let record;
    while ((await button.count()) > 0) {
      const form = this.formOf(page, button);
      const section = page.locator("section").filter({ has: button });
      record ??= { ...values[await section.getByRole("heading", { level: 2 }).innerText()] };
      await this.fill(form, await this.standing(form, record));
      if (task.name === "collect") await this.refusedForm(page, form, button);
      await this.press(page, button);
      await this.house.look(page, "task after entries");
    }
    if (record) expect(Object.keys(record).length === 0, `not asked for: ${Object.keys(record)}`);
    return record !== undefined;
  }

  /* Takes out of the record what this form asks for. */
  async standing(form, record) {
    const here = {};
    for (const name of Object.keys(record)) {
      if ((await form.locator(`[name="${name}"]`).count()) === 0) continue;
      here[name] = record[name];
      delete record[name];
    }
    return here;
  }

  async fill(form, record) {
    for (const [name, value] of Object.entries(record)) {
      const field = form.locator(`[name="${name}"]`).first();
      const type = await field.evaluate((f) => (f.tagName === "SELECT" ? "select" : f.type));
      if (type === "radio")
        await this.hands.check(form.locator(`input[name="${name}"][value="${value}"]`));
      else if (type === "select") await this.hands.select(field, value);
      else if (type === "hidden") await this.pickTime(field, value);
      else await this.hands.fill(field, entered(value));
    }
  }

  /* With script a time has the browser's own picker, and a button for now. */
  async pickTime(field, value) {
    const line = field.locator("..");
    if (value === "now") return this.hands.press(line.getByRole("button", { name: "Now" }));
    const minute = await field.evaluate((f, time) => {
      const local = new Date(time);
      local.setMinutes(local.getMinutes() - local.getTimezoneOffset());
      return local.toISOString().slice(0, 16);
    }, entered(value));
    await this.hands.fill(line.locator("input").first(), minute);
  }

  /* A value that cannot be: the page comes back with the reason at the field, and all that was
   * entered. */
  async refusedForm(page, form, button) {
    const viability = form.getByLabel(/^Viability/);
    await this.hands.fill(viability, "985");
    await form.locator(".broken").getByText("Not possible.").waitFor(); /* at once, before it is sent */
    await this.hands.press(button);
    await page.getByRole("alert").first().waitFor();
    await this.house.look(page, "task with a refused form");
    expect((await viability.inputValue()) === "985", "what was entered is gone");
    expect((await viability.getAttribute("aria-invalid")) === "true", "the field is not marked");
    expect(
      (await form.getByLabel(/^Anticoagulant/).inputValue()) === "850",
      "what was entered beside it is gone",
    );
    await this.hands.fill(viability, "98.5");
  }
}

/* --- journeys --- */

/* The tower, open all the while at the coordinator's: it shows what others did without a reload. */
async function watchTower(journey) {
  const context = await journey.house.visitor(journey.size);
  const page = context.pages()[0];
  await journey.house.signIn(page, journey.coordinator);
  await page.goto("/");
  await page.evaluate(() => (globalThis.untouched = true));
  return page;
}

async function towerShows(journey, tower, text) {
  const row = tower.getByRole("listitem").filter({ hasText: journey.coi });
  await row.evaluate((element) => (element.seen = true));
  await row.getByText(text).first().waitFor({ timeout: 20_000 });
  expect(await tower.evaluate(() => globalThis.untouched), "the page was loaded anew");
  expect(await row.evaluate((element) => element.seen), "the row is another one");
}

async function journey(house, plan) {
  const j = new Journey(house, plan);
  const say = (what) => `${plan.size}, ${plan.product}${plan.keys ? ", by keys" : ""}: ${what}`;
  if (!(await house.check(say("enrolled, prescribed, placed, scheduled"), () => beginOrder(j))))
    return;
  const tower = await watchTower(j);
  const done = [];
  let task;
  while ((task = await j.next()) && done.length < TASKS_MAX) {
    await house.look(j.orderPage, "order");
    if (task.name === "receive" && !(await stopAtReceipt(j, task, tower, say))) return;
    const script = plan.onUnitPages || task.name !== "incoming_sample";
    const how = script ? "" : ", without script";
    if (task.name === "collect" && plan.onUnitPages) await correctPatient(j, say);
    const work = () => j.task(task, { script });
    if (!(await house.check(say(`${task.title}, by the ${task.role}${how}`), work))) return;
    done.push(task.name);
    if (task.name === "review_batch" && !(await house.check(say("its review is signed"), () => j.sign(task))))
      return;
    if (done.length === 1)
      await house.check(say("the tower shows it, not loaded anew"), async () =>
        towerShows(j, tower, (await j.next()).title),
      );
  }
  await house.check(say("finished, each task once"), async () => {
    const page = await j.open(j.coordinator);
    await page.getByText("Finished", { exact: true }).first().waitFor();
    await house.look(page, "order finished");
    for (const name of ["collect", "receive", "administer", "follow_up_28"])
      expect(done.filter((n) => n === name).length === 1, `${name} was not done once`);
  });
  await house.check(say("its chain of identity is one report, also to take away"), async () => {
    const page = await j.open(j.coordinator);
    await page.getByRole("link", { name: "Chain of identity" }).click();
    await page.getByRole("heading", { level: 1, name: "Chain of identity" }).waitFor();
    await page.getByText("Passed", { exact: true }).first().waitFor();
    await house.look(page, "chain of identity");
    for (const name of ["PDF", "Bundle without identity"])
      await page.getByRole("link", { name }).waitFor();
    await page.getByRole("link", { name: "The whole report" }).click();
    await page.getByText("Root of the log").waitFor();
    await house.look(page, "report of the chain of identity");
    expect((await page.getByText(j.patient.family).count()) > 0, "the patient is not named");
  });
  await house.check(say("the bag's page tells what it was made from and who held it"), async () => {
    const page = await j.open(house.person("qa_specialist"));
    for (const part of ["Units", "Custody", "Forms", "Documents", "People"]) {
      await page.getByRole("navigation", { name: "Parts of the order" })
        .getByRole("link", { name: part, exact: true }).click();
      await page.getByRole("heading", { level: 1, name: part }).waitFor();
      await page.getByText(j.coi).first().waitFor();
      await house.look(page, `order, ${part}`);
    }
    await page.goto(`${j.path}/units`);
    await page.locator(".rows").getByRole("link", { name: /^final bag/i }).click();
    await page.getByRole("heading", { level: 1, name: /^final bag/i }).waitFor();
    await page.getByRole("link", { name: /^apheresis bag/i }).waitFor();
    for (const site of ["Halden Cell Works", "Swiftline depot", plan.hospital])
      await page.getByRole("listitem").filter({ hasText: site }).first().waitFor();
    await house.look(page, "unit");
  });
  if (plan.onUnitPages)
    await house.check(say("a sample is discarded, with reason"), () =>
      discardUnit(j, house.person("operator"), "incoming sample"),
    );
  await tower.context().close();
}

/* Side by side: most of the time one waits for the other's pages to be drawn or judged. */
export async function journeys(house) {
  const phone = journey(house, {
    size: "phone",
    product: "Corvicel",
    hospital: "Northfield University Hospital",
    patient: { family: "Musterfrau", given: "Erika", birth: "1958-03-09", sex: "Female", number: "H40412277" },
    weight: "71.5 kg",
    indication: "C83.3",
  });
  const desktop = journey(house, {
    size: "desktop",
    keys: true,
    onUnitPages: true,
    product: "Lunacel",
    hospital: "Lindenau Clinic",
    patient: { family: "Beispiel", given: "Jonas", birth: "2011-07-21", sex: "Male", number: "H40412278" },
    weight: "38.4 kg",
    indication: "C91.0",
  });
  await Promise.all([phone, desktop]);
  console.log(`by keys: the focus was seen at ${stops.count} stops`);
}
