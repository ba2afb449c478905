/* What one browser sees of two servers of one database: a session made at the one is good at the
 * other, and over there at once; what is recorded here is told there; and of two who want the same
 * at the same moment, each at another server, one gets it.
 *
 *   node two.mjs A B LOGIN PASSWORD [ROUNDS]
 *
 * Prints a line "ok WHAT" or "not ok WHAT: WHY" for each, and ends with 1 when one is not. */
import { randomUUID } from "node:crypto";

const [a, b, login, password, rounds] = process.argv.slice(2);
const organisation = process.env.ORGANISATION;
let failed = 0;

function count(good, what, why) {
  console.log(good ? `ok ${what}` : `not ok ${what}: ${why}`);
  if (!good) failed = 1;
}

async function ask(base, path, options = {}) {
  const answer = await fetch(base + path, {
    redirect: "manual", signal: AbortSignal.timeout(20000), ...options,
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

const form = (fields, headers = {}) => ({
  method: "POST",
  headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
  body: new URLSearchParams(fields),
});

async function signIn(base, as, secret) {
  const answer = await ask(base, "/sign-in", form({ login: as, password: secret }));
  const cookie = answer.headers.getSetCookie().map((c) => c.split(";")[0])
    .find((c) => c.startsWith("vein="));
  if (!cookie) throw new Error(`sign-in at ${base} answered ${answer.status}`);
  const { text } = await ask(base, "/help", { headers: { Cookie: cookie } });
  return { Cookie: cookie, "X-CSRF-Token": text.match(/name="_csrf" value="([0-9a-f]+)"/)[1] };
}

function command(base, session, name, body, id = randomUUID()) {
  return ask(base, `/commands/${name}`, {
    method: "POST",
    headers: { ...session, Accept: "application/json", "Content-Type": "application/json",
      "Idempotency-Key": id },
    body: JSON.stringify(body),
  });
}

const who = (base, session) =>
  ask(base, "/api/session", { headers: { ...session, Accept: "application/json" } });
const site = (name) => ({ organisation, name, kind: "office", zone: "UTC" });

/* The first line of a stream that begins so, and how long it took. */
async function told(base, session, begins, meanwhile) {
  const stop = AbortSignal.timeout(5000);
  const answer = await fetch(`${base}/live?topics=tower`, {
    headers: { ...session, Accept: "text/event-stream" }, signal: stop,
  });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "", asked;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += value;
      if (!asked) asked = Date.now(), meanwhile();
      if (text.split("\n").some((line) => line.startsWith(begins))) return Date.now() - asked;
    }
  } catch {
    return undefined;
  } finally {
    reader.cancel().catch(() => {});
  }
}

/* Without rounds: a session that is used at the one does not lock at the other, with a lock after two
 * seconds. */
if (rounds === undefined) {
  const used = await signIn(a, login, password);
  for (let i = 0; i < 8; i++) {
    await new Promise((done) => setTimeout(done, 400));
    await who(a, used);
  }
  const { status } = await who(b, used);
  count(status === 200, "a session that is used at the one does not lock at the other", status);
  process.exit(failed);
}

// --- sessions ------------------------------------------------------------------------------------
const here = await signIn(a, login, password);
const there = await who(b, here);
count(there.status === 200, "a session of the one works at the other", there.status);
const made = await command(b, here, "site.make", site("by the other"));
count(made.status === 200, "and commands by it", `${made.status} ${made.text}`);

const second = await signIn(b, login, password);
await ask(a, "/sign-out", form({}, second));
const over = await who(b, second);
count(over.status === 401, "signed out at the one, over at the other at once", over.status);

const third = await signIn(b, login, password);
await ask(a, "/lock", form({}, third));
const locked = await who(b, third);
count(locked.status === 423, "locked at the one, locked at the other at once", locked.status);

// --- news ----------------------------------------------------------------------------------------
// The other looks each second all the same: by that alone most would take nearly one.
const took = [];
for (let i = 0; i < 5; i++)
  took.push(await told(b, here, "event: tower",
    () => command(a, here, "site.make", site(`news ${i}`))) ?? Infinity);
const median = took.toSorted((x, y) => x - y)[2];
count(median < 300, "what is recorded at the one is told at the other", `${took.join(", ")} ms`);

// --- races ---------------------------------------------------------------------------------------
const one = (answers, good) => answers.filter((x) => good(x.status)).length === 1;
const said = (answers) => answers.map((x) => `${x.status} ${x.text.slice(0, 120)}`).join(" | ");
let lost;
for (let i = 0; i < Number(rounds) && !lost; i++) {
  const account = { organisation, login: `race.${i}`, name: `Race ${i}` };
  const answers = await Promise.all([a, b].map((base) =>
    command(base, here, "account.make", account)));
  if (!one(answers, (status) => status === 200)) lost = said(answers);
}
count(!lost, "of two accounts with one login one is made", lost);

lost = undefined;
for (let i = 0; i < Number(rounds) && !lost; i++) {
  const id = randomUUID();
  const answers = await Promise.all([a, b].map((base) =>
    command(base, here, "site.make", site(`once ${i}`), id)));
  if (answers.some((x) => x.status !== 200) || answers[0].text !== answers[1].text)
    lost = said(answers);
}
count(!lost, "one command sent to both has one answer", lost);

const account = JSON.parse((await command(a, here, "account.make",
  { organisation, login: "set.up", name: "Set Up" })).text).id;
lost = undefined;
for (let i = 0; i < Math.min(Number(rounds), 4) && !lost; i++) {
  const page = await ask(a, `/accounts/${account}/setup`, form({ _reason: "a test" }, here));
  const [, code] = [...page.text.matchAll(/<dd class="id">\s*([^<]+?)\s*</g)].map((found) => found[1]); /* behind the login */
  const answers = await Promise.all([a, b].map((base, k) => ask(base, "/set-up",
    form({ login: "set.up", setup: code ?? "", fresh: `an unlikely phrase ${i} ${k}` }))));
  if (!one(answers, (status) => status === 303)) lost = `${page.status} ${said(answers)}`;
}
count(!lost, "a code for one use is used once", lost);

// --- what each remembers ---------------------------------------------------------------------------
const guess = (base) =>
  ask(base, "/sign-in", form({ login: "set.up", password: "not it" }, { Accept: "application/json" }));
let waits = 0; /* long enough to ask the other meanwhile */
for (let i = 0; i < 40 && waits < 4; i++) {
  waits = Number((await guess(a)).headers.get("retry-after"));
  if (waits > 0 && waits < 4) await new Promise((done) => setTimeout(done, waits * 1000));
}
await new Promise((done) => setTimeout(done, 300));
const slow = await guess(b);
count(slow.status === 429, "who guesses at the one waits at the other", slow.status);
process.exit(failed);
