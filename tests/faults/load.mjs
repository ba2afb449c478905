/* People who go on whatever happens: each makes sites, one after the other, and asks again with the
 * same id until there is an answer. Prints what was acknowledged, as one line of JSON.
 *
 *   node load.mjs BASE[,BASE…] LOGIN PASSWORD WORKERS STOP-FILE
 *
 * Of several servers of one database each is asked in turn, and whoever has no answer asks the next.
 * Ends when STOP-FILE exists and what was asked is answered. A refusal that no retry mends is a
 * failure, and so is no answer within PATIENCE; a broken connection and 503 are not. `most` is how
 * often one was asked again, `longest` the milliseconds until its answer. With ACKED, a file, each
 * acknowledged site becomes a line of it: wall clock in ms, name. With RETRY=502,504 these answers
 * are no failure either: a proxy lost the server's. */
import { appendFileSync, existsSync } from "node:fs";
import { randomUUID } from "node:crypto";

const [base, login, password, workers, stopFile] = process.argv.slice(2);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const PATIENCE = Number(process.env.PATIENCE ?? 60_000); // ms, for one site
const again = new Set([503, ...(process.env.RETRY ?? "").split(",").map(Number)]);
const locked = Number(process.env.LOCKED); // a status that is no refusal where sessions lock soon
const told = { acked: 0, repeated: 0, broken: 0, unavailable: 0, most: 0, longest: 0, failures: [] };
const bases = base.split(",");
let session; // one for all of them, or on its way

/* A timer that counts: a server killed while the first request of all connects can leave that without an
 * end, and AbortSignal.timeout keeps no program from ending. */
async function ask(turn, path, options) {
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), 10000);
  try {
    const answer = await fetch(bases[turn % bases.length] + path, {
      redirect: "manual", signal: stop.signal, ...options,
    });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  } finally {
    clearTimeout(late);
  }
}

async function signIn(turn) {
  const answer = await ask(turn, "/sign-in", {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ login, password }),
  });
  const cookie = answer.headers.get("set-cookie")?.split(";")[0];
  if (!cookie) throw new Error(`sign-in answered ${answer.status}`);
  const page = await ask(turn, "/help", { headers: { Cookie: cookie } });
  return { cookie, csrf: page.text.match(/name="_csrf" value="([0-9a-f]+)"/)[1] };
}

/* One site, until it is made. */
async function make(organisation, worker) {
  const id = randomUUID();
  const deadline = Date.now() + PATIENCE;
  for (let tries = 0; Date.now() < deadline; tries++) {
    try {
      session ??= signIn(worker + tries).catch((e) => { session = undefined; throw e; });
      const { cookie, csrf } = await session;
      const answer = await ask(worker + tries, "/commands/site.make", {
        method: "POST",
        headers: {
          Cookie: cookie, "X-CSRF-Token": csrf, Accept: "application/json",
          "Content-Type": "application/json", "Idempotency-Key": id,
        },
        body: JSON.stringify({ organisation, name: id, kind: "office", zone: "UTC" }),
      });
      if (answer.status === 200) {
        told.acked++;
        told.most = Math.max(told.most, tries);
        told.longest = Math.max(told.longest, Date.now() - deadline + PATIENCE);
        if (process.env.ACKED) appendFileSync(process.env.ACKED, `${Date.now()} ${id}\n`);
        if (tries > 0) told.repeated++;
        return;
      }
      if (answer.status === 401 || answer.status === locked) session = undefined;
      else if (again.has(answer.status)) told.unavailable++;
      else {
        told.failures.push(`${answer.status} ${answer.text.slice(0, 200)}`);
        return;
      }
    } catch {
      told.broken++;
    }
    await wait(20);
  }
  told.failures.push(`no answer within ${PATIENCE} ms`);
}

const organisation = process.env.ORGANISATION;
await Promise.all(Array.from({ length: Number(workers) }, async (_, worker) => {
  while (!existsSync(stopFile) && told.failures.length === 0) await make(organisation, worker);
}));
console.log(JSON.stringify(told));
process.exit(told.failures.length === 0 ? 0 : 1);
