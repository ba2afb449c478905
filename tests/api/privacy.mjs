/* Who has no need sees pseudonyms, everywhere: every read of the program is asked by people without
 * the right to a patient's name, in each form that it is answered in, and no answer holds any of the
 * marked values of a patient whose order they all take part in; nor do live updates, search and the
 * server's log. The physician, who may, sees them, so that the marks are known to be there. After an
 * erasure the physician sees them no more, and the order's pages still answer.
 * partial: ACC-03 (each look is logged elsewhere) */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { assert, check, equal, signIn } from "./house.mjs";

const json = "application/json";
const marks = { family: "Xqzwvfamily", given: "Xqzwvgiven", number: "XQZWV-90817263",
  born: "1907-11-23", family2: "Xqzwvcorrected" };
const all = Object.values(marks);
const without = ["operator", "courier", "analyst", "qa_specialist", "administrator", "planner",
  "quality_manager", "warehouse", "inspector"];

async function get(demo, who, target, type) {
  const answer = await fetch(demo.address + target, {
    headers: { ...who.headers, Accept: type }, redirect: "manual",
    signal: AbortSignal.timeout(20000) });
  const text = Buffer.from(await answer.arrayBuffer()).toString("latin1");
  return { status: answer.status, text, headers: JSON.stringify([...answer.headers]) };
}

async function send(demo, who, name, body, reason) {
  const answer = await fetch(`${demo.address}/commands/${name}`, {
    method: "POST", body: JSON.stringify(reason ? { ...body, _reason: reason } : body),
    headers: { ...who.headers, "Content-Type": json, "Idempotency-Key": randomUUID() } });
  assert(answer.status === 200, `${name}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}

/* What it would sign, and the same with the proof of a person who has signed nothing yet. */
const ask = (demo, who, name, body) =>
  fetch(`${demo.address}/sign/${name}?${new URLSearchParams(body)}`, { headers: who.headers });
async function sign(demo, who, login, name, body, reason) {
  const answer = await ask(demo, who, name, body);
  assert(answer.status === 200, `${name}: ${answer.status} ${await answer.clone().text()}`);
  const { shown } = await answer.json();
  return send(demo, who, name,
    { ...body, _shown: shown, _login: login, _password: demo.password }, reason);
}

const found = (text) => all.filter((mark) => text.toLowerCase().includes(mark.toLowerCase()));

/* Every path of a read, with what stands in its place for this patient's order. */
function paths(api, values) {
  const out = [];
  for (const [path, methods] of Object.entries(api.paths)) {
    if (!methods.get || path === "/live") continue;
    const target = path.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "none");
    out.push({ path, target, types: new Set(["text/html", json, "*/*",
      ...Object.keys(methods.get.responses["200"]?.content ?? {})]) });
  }
  return out;
}

/* What the event source says in a moment in which the order changes. */
async function live(demo, who, change) {
  const stop = new AbortController();
  const answer = await fetch(`${demo.address}/live?topics=tower`, {
    headers: { ...who.headers, Accept: "text/event-stream" }, signal: stop.signal });
  let text = "";
  const reading = (async () => {
    for await (const part of answer.body) text += Buffer.from(part).toString();
  })().catch(() => {});
  await change();
  await new Promise((resolve) => { setTimeout(resolve, 400); });
  stop.abort();
  await reading;
  return text;
}

async function enrolled(demo, physician) {
  const base = { birth_date: marks.born, sex: "female",
    identifiers: [{ system: "urn:vein:mrn", value: marks.number }] };
  const { patient } = await send(demo, physician, "patient.enrol",
    { family: marks.family, given: marks.given, ...base });
  return { patient, base };
}

async function placed(demo, physician, patient, sites) {
  const { order } = await send(demo, physician, "order.prescribe", { patient, product: "corvicel",
    indication: "C83.3", jurisdiction: "eu", regime: "commercial", weight: "71 kg" });
  await send(demo, physician, "order.place", { order, parties: Object.entries(sites)
    .map(([part, s]) => ({ part, organisation: s.organisation, site: s.site })) });
  return order;
}

export async function privacy(checker, demo, log) {
  const at = { treatment: ["physician", "Northfield"], collection: ["apheresis_nurse", ""],
    courier: ["courier", ""], manufacture: ["operator", ""], laboratory: ["analyst", ""] };
  const sites = {};
  for (const [part, [role, where]] of Object.entries(at)) {
    const { session } = await signIn(demo, demo.find(role, where));
    sites[part] = session;
  }
  const physician = await signIn(demo, demo.find("physician", "Northfield"));
  const coordinator = await signIn(demo, demo.find("coordinator", "Northfield"));
  const { patient, base } = await enrolled(demo, physician);
  const order = await placed(demo, physician, patient, sites);
  const tasks = JSON.parse((await get(demo, physician, "/work", json)).text).rows
    .filter((row) => row.order_id === order);
  const values = { patient, order, task: tasks[0]?.task ?? "eligibility", kind: "role",
    name: "operator", version: "1", slug: "deviations", rest: "checkpoint" };
  const all_paths = paths(checker.api, values);
  await check("who may, sees the marks: they are there to be found", async () => {
    const { text } = await get(demo, physician, `/patients/${patient}`, "text/html");
    assert(found(text).length >= 4, `only ${found(text)}`);
  });
  for (const role of without) {
    let login;
    for (const where of ["Northfield", ""])
      try { login ??= demo.find(role, where); } catch { /* nobody of that role is there */ }
    if (!login) continue;
    const who = await signIn(demo, login);
    await check(`ACC-03 no read tells ${role} who the patient is`, async () => {
      let answered = 0;
      for (const { target, types } of all_paths)
        for (const type of types) {
          const { status, text, headers } = await get(demo, who, target, type);
          answered += status === 200;
          assert(found(text + headers).length === 0, `${target} as ${type}: ${found(text)}`);
        }
      assert(answered > 20, `only ${answered} reads were answered`);
      const search = await fetch(`${demo.address}/search`, { method: "POST", redirect: "manual",
        headers: { ...who.headers, "Content-Type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ q: marks.family, _csrf: who.headers["X-CSRF-Token"] }) });
      assert(!(await search.text()).includes(patient), "search finds the patient by name");
    });
  }
  await check("ACC-03 live updates tell nobody who the patient is", async () => {
    const who = await signIn(demo, demo.find("operator", ""));
    const said = await live(demo, who, () => send(demo, physician, "patient.correct",
      { patient, ...base, family: marks.family2, given: marks.given }, "misspelled"));
    assert(found(said).length === 0, `${found(said)}`);
  });
  await check("SEC-01 an erasure is refused while the order runs, and then names the duty", async () => {
    const answer = await ask(demo, coordinator, "patient.request_erasure", { patient });
    equal(answer.status, 422, "status");
    equal((await answer.json()).code, "order.duty_open", "code");
  });
  await check("SEC-01 after an erasure nobody sees the marks, and pages answer", async () => {
    const other = await send(demo, physician, "patient.enrol", { family: marks.family,
      given: marks.given, birth_date: marks.born, sex: "female" });
    const { request } = await sign(demo, coordinator, demo.find("coordinator", "Northfield"),
      "patient.request_erasure", { patient: other.patient }, "asked for");
    const asked = await get(demo, physician, `/patients/${other.patient}`, "text/html");
    assert(asked.text.includes(`name="family" type="text" maxlength="200" value="${marks.family}"`),
      "while erasure is asked for, the form to correct the data has lost them");
    await sign(demo, physician, demo.find("physician", "Northfield"), "patient.erase",
      { patient: other.patient, request }, "checked");
    const { status, text } = await get(demo, physician, `/patients/${other.patient}`, "text/html");
    equal(status, 200, "status");
    assert(found(text).length === 0, `${found(text)}`);
    assert(text.includes("Personal data erased") && text.includes(other.pseudonym), "says so");
  });
  await check("ACC-03 the log names nobody", () => {
    assert(found(readFileSync(log, "utf8")).length === 0, "a mark stands in the log");
  });
}
