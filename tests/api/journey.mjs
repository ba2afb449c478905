/* An order's first steps and the lists that show them, through the client that was made of the
 * description. partial: INT-01 commands and queries of the pages work through the documented API,
 * idempotent, in pages. partial: ORC-06 an external system's calls are its own account's commands */
import { randomUUID } from "node:crypto";
import { Client } from "./client.mjs";
import { example, examplesHold } from "./examples.mjs";
import { assert, check, equal, signIn } from "./house.mjs";

const key = () => ({ "Idempotency-Key": randomUUID() });

async function accepted(client, command, body, title) {
  const answer = await client.send(command, body, key());
  equal(answer.status, 200, `${command} ${JSON.stringify(answer.data)}`);
  if (title) example(title, answer);
  return answer.data;
}

async function place(t) {
  const { data } = await t.coordinator.get("/prescriptions/{order}", { order: t.order });
  const at = (kind) => data.rows.find((row) => row.kind === kind);
  const treats = data.rows.find((row) => row.site === t.coordinator.session.site);
  const sites = {
    collection: at("apheresis"), courier: at("depot"), manufacture: at("plant"),
    laboratory: at("laboratory"), treatment: treats,
  };
  const parties = Object.entries(sites).map(([part, { organisation, site }]) =>
    ({ part, organisation, site }));
  await accepted(t.coordinator, "order.place", { order: t.order, parties }, "The order is placed");
}

async function begin(t) {
  const birth = "1961-04-09";
  const enrolled = await accepted(t.coordinator, "patient.enrol",
    { family: "Applewood", given: "Tilda", birth_date: birth, sex: "female",
      identifiers: [{ system: "urn:vein:mrn", value: `A-${randomUUID().slice(0, 8)}` }] },
    "A patient is enrolled");
  t.patient = enrolled.patient;
  const ordered = await accepted(t.physician, "order.prescribe",
    { patient: t.patient, product: t.product.name, indication: t.product.indication,
      jurisdiction: "eu", regime: t.product.regime, weight: "71 kg" }, "A product is prescribed");
  t.order = ordered.order;
  await place(t);
}

/* By quality; the reason is needed. */
async function closeDeviation(t, deviation) {
  const body = { deviation, cause: "transport", conclusion: "the driver was told" };
  const bare = await t.quality.send("deviation.close", body, key());
  equal(`${bare.status} ${bare.data.code}`, "422 gate.reason_needed", "without a reason");
  example("A command that needs a reason is refused without one", bare);
  await accepted(t.quality, "deviation.close", { ...body, _reason: "nothing is left to do" });
}

async function walk(t) {
  await check("an order begins through the API", () => begin(t));
  await check("it is read as it stands", async () => {
    const answer = await t.coordinator.get("/orders/{order}", { order: t.order });
    const { data } = answer;
    example("The order is read", answer);
    equal(data.order_id, t.order, "order");
    equal(data.patient, t.patient, "patient");
    assert(data.placed, "it is not placed");
  });
  await check("a deviation is opened, listed, read and closed", async () => {
    const opened = await accepted(t.coordinator, "deviation.open", {
      order: t.order, kind: "other", risk: "minor", description: "the box was late" },
    "A deviation is opened");
    const id = { deviation: opened.deviation };
    const list = await t.quality.get("/deviations");
    assert(list.data.rows.some((row) => row.deviation === opened.deviation), "it is not listed");
    const one = await t.coordinator.get("/deviations/{deviation}", id);
    equal(one.data.open, true, "open");
    await closeDeviation(t, opened.deviation);
    const closed = (await t.quality.get("/deviations/{deviation}", id)).data;
    assert(!closed.open && closed.closed, "it is not closed");
  });
}

/* All pages of a list, by the next links. */
async function pages(client, path, parameters = {}) {
  const rows = [];
  for (let next = parameters, n = 0; next && n < 200; n++) {
    const { data, status } = await client.get(path, next);
    equal(status, 200, `${path} ${JSON.stringify(next)}`);
    assert(data.rows.length <= 200, "more than 200 rows");
    rows.push(...data.rows);
    next = data.next
      ? Object.fromEntries([...new URL(data.next, "http://x").searchParams].filter(([, v]) => v))
      : undefined;
  }
  return rows;
}

async function lists(t) {
  await check("every list is read to its end, no row twice", async () => {
    const kinds = [["/", "order_id"], ["/patients", "patient"], ["/deviations", "deviation"]];
    for (const [path, id] of kinds) {
      const rows = await pages(t.coordinator, path);
      equal(new Set(rows.map((row) => row[id])).size, rows.length, `${path} rows`);
    }
    assert((await pages(t.coordinator, "/patients")).some((r) => r.patient === t.patient),
      "the patient is not in the list");
  });
  await check("a list keeps its place while rows come in before it", async () => {
    const all = (await pages(t.coordinator, "/patients")).map((row) => row.patient);
    assert(all.length >= 1, "no patients");
    const rows = [];
    let next = {};
    while (next) {
      const { data } = await t.coordinator.get("/patients", next);
      rows.push(...data.rows.map((row) => row.patient));
      await accepted(t.coordinator, "patient.enrol",
        { family: "Between", given: "Pages", birth_date: "1970-01-01", sex: "male",
          identifiers: [{ system: "urn:vein:mrn", value: `B-${randomUUID().slice(0, 8)}` }] });
      next = data.next && Object.fromEntries(new URL(data.next, "http://x").searchParams);
    }
    equal(JSON.stringify(rows), JSON.stringify(all), "rows");
  });
  await check("a cursor that is none is refused with its reason", async () => {
    for (const [path, name] of [["/", "after"], ["/patients", "before"], ["/work", "after"],
      ["/deviations", "before"], ["/definitions", "after"], ["/api/changes", "after"]]) {
      const answer = await t.coordinator.get(path, { [name]: "x.y" });
      equal(`${answer.status} ${answer.data.code}`, "400 http.malformed_cursor", path);
    }
  });
  await check("what is known already is not sent again", async () => {
    for (const path of ["/patients", "/api/openapi.json", "/definitions", "/api/session"]) {
      const first = await t.coordinator.get(path);
      assert(/^"[0-9a-f]+"$/.test(first.headers.etag), `${path} has no strong ETag`);
      const again = await t.coordinator.get(path, {}, { "If-None-Match": first.headers.etag });
      equal(again.status, 304, path);
      const other = await t.coordinator.get(path, {}, { "If-None-Match": '"0"' });
      equal(other.status, 200, path);
    }
  });
}

async function problems(t) {
  await check("a refused field has a pointer", async () => {
    const answer = await t.coordinator.send("patient.enrol",
      { family: "X", birth_date: "1970-01-01", sex: "male",
        identifiers: [{ system: "urn:vein:mrn", value: 7 }] }, key());
    const { status, data } = answer;
    example("A field that is refused is pointed at", answer);
    equal(`${status} ${data.code}`, "400 record.wrong_type", "refusal");
    equal(data.errors[0].pointer, "#/identifiers/0/value", "pointer");
    assert(data.hint && data.detail && data.title, "no words");
  });
  await check("errors before any route are problems too", async () => {
    const headers = { Accept: "application/json" };
    const ask = (path, options) => fetch(t.demo.address + path, { headers, ...options });
    for (const [path, options, status, code] of [
      ["/nowhere", {}, 404, "http.unknown"],
      ["/health", { method: "DELETE" }, 405, "http.method"],
      ["/%ff", {}, 400, "http.malformed_path"],
      [`/${"x".repeat(9000)}`, {}, 414, "http.uri_too_long"],
      ["/health", { headers: { ...headers, "X-Long": "x".repeat(17000) } }, 431,
        "http.headers_too_large"],
      ["/sign-in", { method: "POST", body: "x".repeat(300000) }, 413, "http.too_large"],
    ]) {
      const answer = await ask(path, options);
      equal(answer.headers.get("content-type"), "application/problem+json", path.slice(0, 20));
      const problem = await answer.json();
      equal(`${answer.status} ${problem.status} ${problem.code}`, `${status} ${status} ${code}`,
        path.slice(0, 20));
      assert(problem.type && problem.title && problem.detail && problem.hint, "no words");
    }
  });
}

async function changes(t) {
  await check("what happened to the order stands in the feed, in order, once", async () => {
    const rows = [];
    let after = "";
    for (let n = 0; n < 500; n++) {
      const { data } = await t.coordinator.get("/api/changes", after ? { after } : {});
      rows.push(...data.rows);
      const next = new URL(data.next, "http://x").searchParams.get("after");
      if (next === after) break;
      after = next;
    }
    const own = rows.filter((row) => row.about === `order/${t.order}`);
    const types = own.map((row) => row.type);
    assert(types.indexOf("order.prescribed") >= 0 &&
      types.indexOf("order.prescribed") < types.indexOf("order.placed"), `types ${types}`);
    equal(new Set(rows.map((row) => row.event)).size, rows.length, "events");
    assert(!JSON.stringify(rows).includes("Applewood"), "a name is in the feed");
    assert(!rows.some((row) => /^(account|session|security)\//.test(row.about)),
      "a thing of nobody's is in the feed");
    t.after = after;
    t.seen = new Set(rows.map((row) => row.about));
  });
  await check("who has no part in the order sees nothing of it", async () => {
    let after = "";
    for (let n = 0; n < 500; n++) {
      const { data } = await t.stranger.get("/api/changes", after ? { after } : {});
      assert(!data.rows.some((row) => row.about === `order/${t.order}` ||
        row.about === `patient/${t.patient}`), "a foreign order is in the feed");
      const next = new URL(data.next, "http://x").searchParams.get("after");
      if (next === after) break;
      after = next;
    }
  });
  await check("who waits is told when it happens, and not before", async () => {
    const now = await t.coordinator.get("/api/changes", { after: "now" });
    const cursor = new URL(now.data.next, "http://x").searchParams.get("after");
    const waiting = t.coordinator.get("/api/changes", { after: cursor, wait: "30" });
    const begun = Date.now();
    await new Promise((done) => setTimeout(done, 300));
    const opened = await accepted(t.coordinator, "deviation.open", {
      order: t.order, kind: "other", risk: "minor", description: "the lid was loose" });
    let rows = (await waiting).data.rows;
    assert(Date.now() - begun < 15000, "it waited too long");
    assert(rows.length > 0, "it told nothing");
    for (let next = rows.at(-1).cursor, n = 0; n < 50; n++) { /* the demonstration goes on, too */
      if (rows.some((row) => row.type === "deviation.opened")) return;
      rows = (await t.coordinator.get("/api/changes", { after: next, wait: "5" })).data.rows;
      next = rows.at(-1)?.cursor ?? next;
    }
    throw new Error(`deviation ${opened.deviation} was not told`);
  });
  await check("a stream seen before it changed is not written to", async () => {
    const { data } = await t.coordinator.get("/api/changes", { after: t.after });
    const flow = data.rows.filter((row) => row.stream === `flow/${t.order}`).at(-1);
    const seen = { ...key(), "If-Match": `"flow/${t.order}@1"` };
    const refused = await t.coordinator.send("flow.hold", { order: t.order, _reason: "x" }, seen);
    equal(`${refused.status} ${refused.data.code}`, "412 ledger.changed", `with ${flow?.version}`);
    example("What was seen has changed", refused);
    const torn = await t.coordinator.send("flow.hold", { order: t.order, _reason: "x" },
      { ...key(), "If-Match": "flow@1" });
    equal(`${torn.status} ${torn.data.code}`, "400 http.malformed_if_match", "malformed");
  });
}

async function idempotent(t) {
  const body = { order: t.order, kind: "other", risk: "minor", description: "a scratch" };
  await check("the same key gives the same answer, another body is refused", async () => {
    const id = key();
    const first = await t.coordinator.send("deviation.open", body, id);
    const again = await t.coordinator.send("deviation.open", body, id);
    equal(JSON.stringify(again.data), JSON.stringify(first.data), "answer");
    const other = await t.coordinator.send("deviation.open", { ...body, risk: "major" }, id);
    equal(`${other.status} ${other.data.code}`, "422 gate.key_reused", "another body");
    example("A key is not used for another body", other);
    const stolen = await t.quality.send("deviation.open", body, id);
    equal(`${stolen.status} ${stolen.data.code}`, "422 gate.key_reused", "another's key");
    const none = await t.coordinator.send("deviation.open", body, {});
    equal(`${none.status} ${none.data.code}`, "400 gate.malformed_id", "no key");
  });
  await check("a key in flight many times at once happens once", async () => {
    const id = key();
    const answers = await Promise.all(Array.from({ length: 12 }, () =>
      t.coordinator.send("deviation.open", body, id)));
    equal(new Set(answers.map((a) => `${a.status} ${JSON.stringify(a.data)}`)).size, 1, "answers");
    equal(answers[0].status, 200, "status");
  });
  await check("a refused command's key may be tried again", async () => {
    const id = key();
    const wrong = await t.coordinator.send("deviation.open", { ...body, risk: "none" }, id);
    assert(wrong.status >= 400, "it was taken");
    equal((await t.coordinator.send("deviation.open", body, id)).status, 200, "second try");
  });
}

async function limits(t) {
  await check("a session has a bounded number of streams, and they end with it", async () => {
    const person = await signIn(t.demo, t.logins.coordinator);
    const stops = [];
    const open = async () => {
      const stop = new AbortController();
      stops.push(stop);
      return fetch(`${t.demo.address}/live?topics=tower`,
        { headers: { ...person.headers, Accept: "text/event-stream" }, signal: stop.signal });
    };
    const streams = [];
    for (let i = 0; i < 8; i++) streams.push(await open());
    for (const stream of streams) equal(stream.status, 200, "stream");
    const ninth = await open();
    equal(ninth.status, 429, "the ninth");
    const others = await t.quality.get("/api/session");
    equal(others.status, 200, "another session");
    const over = Promise.all(streams.map(async (stream) => {
      const reader = stream.body.getReader();
      while (!(await reader.read()).done) /* until it ends */;
    }));
    const out = await fetch(`${t.demo.address}/sign-out`, {
      method: "POST", redirect: "manual", headers: person.headers });
    equal(out.status, 303, "sign-out");
    const late = new Promise((_, no) => setTimeout(() => no(new Error("a stream lives on")), 5000));
    await Promise.race([over, late]);
    for (const stop of stops) stop.abort();
  });
  await check("an account that asks too much is told to wait, and others are not", async () => {
    const person = await signIn(t.demo, t.logins.greedy);
    const ask = () => fetch(`${t.demo.address}/api/session`, { headers: person.headers });
    let refused;
    for (let n = 0; n < 100 && !refused; n++)
      refused = (await Promise.all(Array.from({ length: 20 }, ask))).find((a) => a.status === 429);
    assert(refused, "it was never refused");
    assert(Number(refused.headers.get("retry-after")) >= 1, "no Retry-After");
    assert(/^"account";r=0;t=\d+$/.test(refused.headers.get("ratelimit")),
      `RateLimit ${refused.headers.get("ratelimit")}`);
    assert(/^"account";q=\d+;w=\d+$/.test(refused.headers.get("ratelimit-policy")), "policy");
    equal((await refused.json()).code, "http.too_many_requests", "code");
    equal((await t.coordinator.get("/api/session")).status, 200, "another account");
    await new Promise((done) => setTimeout(done, 1100));
    equal((await ask()).status, 200, "after a second");
  });
}

export async function journey(checker, demo) {
  const at = "Northfield";
  const logins = {
    coordinator: demo.find("coordinator", at), physician: demo.find("physician", at),
    quality: demo.find("quality_manager", at), stranger: demo.find("coordinator", "Lindenau"),
    greedy: demo.find("coordinator", "Montclair"),
  };
  const t = { demo, logins, product: { name: "corvicel", indication: "C83.3", regime: "commercial" } };
  for (const who of ["coordinator", "physician", "quality", "stranger"])
    t[who] = await Client.open(checker, demo, await signIn(demo, logins[who]));
  for (const part of [walk, lists, problems, idempotent, changes, limits]) await part(t);
  await examplesHold();
  await check("answers were held against their schemas", () =>
    assert(checker.checked > 60, `only ${checker.checked}`));
}
