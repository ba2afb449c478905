/* face.mjs DEMO_OUTPUT RUNS SECONDS: see face.sh, which makes the table's lines of what this prints:
 * part, what, figure, unit, with tabs between, and what the aim is, with | between. Server and browser share the machine and loopback is
 * the network, so that times are those of page and browser, not of a line. */
import { House, readDemo } from "../tests/browser/house.mjs";

const SLOWED = 4; /* times */
const CHANGES = 100; /* a second */
const VIEW = { width: 1440, height: 900 };
const [, , demoFile, runs, seconds] = process.argv;
const demo = readDemo(demoFile);
const house = await House.open(demo);
const median = (all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];
const say = (what, figure, unit, aim = "") =>
  console.log(["i", what, Number(figure.toFixed(3)), unit, aim].join("\t"));

/* --- in the page --- */

/* What the browser noticed from the beginning on: runs before anything of the page. */
function watch() {
  globalThis.noticed = { shift: 0, events: [] };
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) if (!e.hadRecentInput) noticed.shift += e.value;
  }).observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) if (e.interactionId) noticed.events.push([e.name, e.duration]);
  }).observe({ type: "event", durationThreshold: 16, buffered: true });
}

const painted = () => performance.getEntriesByName("first-contentful-paint")[0].startTime;

/* --- people --- */

async function signedIn(person) {
  const context = await house.browser.newContext({ viewport: VIEW, baseURL: demo.address });
  await house.signIn(await context.newPage(), person);
  await context.pages()[0].waitForURL((url) => url.pathname !== "/sign-in");
  const state = await context.storageState();
  await context.close();
  return state;
}

/* A browser that has never seen the program, but is signed in. */
async function fresh(storageState, slowed) {
  const context = await house.browser.newContext({ viewport: VIEW, baseURL: demo.address, storageState });
  const page = await context.newPage();
  const client = await context.newCDPSession(page);
  await page.addInitScript(watch);
  await client.send("Network.enable");
  if (slowed) await client.send("Emulation.setCPUThrottlingRate", { rate: SLOWED });
  return { context, page, client };
}

/* --- a first load --- */

async function load(storageState, path) {
  const { context, page, client } = await fresh(storageState, true);
  const kinds = new Map();
  const bytes = { font: 0, other: 0 };
  client.on("Network.responseReceived", (e) => kinds.set(e.requestId, e.type));
  client.on("Network.loadingFinished", (e) => {
    bytes[kinds.get(e.requestId) === "Font" ? "font" : "other"] += e.encodedDataLength;
  });
  await page.goto(path, { waitUntil: "load" });
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(500);
  const out = { ...bytes, paint: await page.evaluate(painted), shift: await page.evaluate(() => noticed.shift) };
  await page.reload({ waitUntil: "load" });
  await page.waitForTimeout(300);
  out.again = await page.evaluate(painted);
  await context.close();
  return out;
}

/* What browser and machine take for a page of one word: the weather of the moment. */
async function word(storageState) {
  const { context, page } = await fresh(storageState, true);
  await page.route("**/word", (route) => route.fulfill({ contentType: "text/html", body: "<p>word" }));
  await page.goto("/word");
  await page.waitForTimeout(100);
  const paint = await page.evaluate(painted);
  await context.close();
  return paint;
}

async function loads(name, state, path) {
  const all = [];
  for (let i = 0; i < Number(runs); i++)
    all.push({ ...(await load(state, path)), word: await word(state) });
  const of = (key) => median(all.map((one) => one[key]));
  const beside = `beside=a page of one word|limit=${of("word")}|at_most=300`;
  say(`${name}: first load as transferred, without fonts`, of("other") / 1000, "kB", "at_most=100");
  say(`${name}: fonts as transferred`, of("font") / 1000, "kB");
  say(`${name}: first contentful paint, nothing cached, processor slowed ${SLOWED} times`, of("paint"), "ms", beside);
  say(`${name}: the same, style and script cached`, of("again"), "ms", beside);
  say(`${name}: shift of the layout while it loads`, of("shift"), "", "at_most=0.001");
}

/* --- a press --- */

/* The longest until something is painted, of each of the page's own controls in turn. */
async function interact(state, path) {
  const { context, page } = await fresh(state, true);
  await page.goto(path, { waitUntil: "load" });
  const controls = await page.locator("main summary:visible, main label.choice:visible").all();
  for (const control of controls.slice(0, 6)) await control.click();
  const fields = await page.locator("main input.entry:visible, main textarea:visible").all();
  for (const field of fields.slice(0, 4)) {
    await field.click();
    await field.pressSequentially("12.5", { delay: 30 });
  }
  for (let i = 0; i < 5; i++) await page.keyboard.press("Tab");
  await page.waitForTimeout(800);
  const events = await page.evaluate(() => noticed.events);
  await context.close();
  return Math.max(16, ...events.map(([, ms]) => ms)); /* what took less is not told */
}

async function presses(name, state, path) {
  const all = [];
  for (let i = 0; i < Math.ceil(Number(runs) / 2); i++) all.push(await interact(state, path));
  say(`${name}: the slowest answer to a press or key, processor slowed ${SLOWED} times`, median(all), "ms", "at_most=100");
}

/* --- changes --- */

const asWho = (state) => ({
  Cookie: state.cookies.map((c) => `${c.name}=${c.value}`).join("; "),
  Accept: "application/json",
});

async function rowsOf(state, path) {
  return (await (await fetch(`${demo.address}${path}`, { headers: asWho(state) })).json()).rows ?? [];
}

async function caller(state) {
  const headers = asWho(state);
  const { token } = await (await fetch(`${demo.address}/api/session`, { headers })).json();
  headers["X-CSRF-Token"] = token;
  headers["Content-Type"] = "application/json";
  headers.Origin = demo.address;
  return (name, body) => fetch(`${demo.address}/commands/${name}`, {
    method: "POST",
    headers: { ...headers, "Idempotency-Key": crypto.randomUUID() },
    body: JSON.stringify(body),
  });
}

/* Orders of the list are held and resumed, in turns, so many times a second; answers: how many were. */
async function change(send, orders, count) {
  let done = 0;
  const started = Date.now();
  const sent = [];
  for (let i = 0; i < count; i++) {
    const order = orders[i % orders.length];
    const name = Math.floor(i / orders.length) % 2 === 0 ? "flow.hold" : "flow.resume";
    const wait = started + (i * 1000) / CHANGES - Date.now();
    if (wait > 0) await new Promise((r) => setTimeout(r, wait));
    sent.push(send(name, { order, _reason: "bench" }).then(async (answer) => {
      if (answer.ok) done++;
      else console.error(name, answer.status, (await answer.text()).slice(0, 200));
    }));
  }
  await Promise.all(sent);
  return done / ((Date.now() - started) / 1000);
}

/* The longest task of the page's main thread, of what Chromium's tracing wrote. */
function longest(trace) {
  const { traceEvents } = JSON.parse(trace);
  const mains = new Set(traceEvents
    .filter((e) => e.name === "thread_name" && e.args.name === "CrRendererMain")
    .map((e) => `${e.pid} ${e.tid}`));
  const tasks = traceEvents.filter((e) => /RunTask$/.test(e.name) && mains.has(`${e.pid} ${e.tid}`));
  return Math.max(0, ...tasks.map((e) => (e.dur ?? 0) / 1000));
}

async function changes(name, state, path, send, orders) {
  for (const slowed of [false, true]) {
    const how = slowed ? `processor slowed ${SLOWED} times` : "processor as it is";
    const { context, page } = await fresh(state, slowed);
    await page.goto(path, { waitUntil: "load" });
    await page.waitForTimeout(2500);
    const before = await page.evaluate(() => noticed.shift);
    await house.browser.startTracing(page, { categories: ["disabled-by-default-devtools.timeline", "devtools.timeline", "toplevel"] });
    const rate = await change(send, orders, CHANGES * Number(seconds));
    const trace = (await house.browser.stopTracing()).toString();
    say(`${name}: orders held or resumed a second while it is open, ${how}`, rate, "/s", `at_least=${CHANGES * 0.9}`);
    say(`${name}: the longest task meanwhile, ${how}`, longest(trace), "ms", "at_most=50");
    say(`${name}: shift of the layout meanwhile, ${how}`, (await page.evaluate(() => noticed.shift)) - before, "", "at_most=0.001");
    await context.close();
  }
}

/* --- a stop --- */

const STOPS = 5;

/* Open tasks at which the label of one unit is checked, each of another order: whose they are, and where. */
async function checks() {
  const found = new Map();
  for (const person of demo.people.filter((p) => /warehouse|technologist|courier|nurse|operator|pharmacist/.test(p.role))) {
    const state = await signedIn(person);
    const { context, page } = await fresh(state, false);
    await page.goto("/work");
    const paths = await page.locator("main a[href*='/tasks/']").evaluateAll((all) => all.map((a) => a.getAttribute("href")));
    for (const path of paths) {
      const order = path.match(/orders\/([^/]+)/)[1];
      if (found.size === STOPS) break;
      if (found.has(order)) continue;
      await page.goto(path);
      const field = page.locator("form[action$='identity.check'] input[data-scan=submit]");
      if ((await field.count()) > 0) found.set(order, { state, path, order });
    }
    await context.close();
  }
  return [...found.values()];
}

/* From the press that reads the wrong label to the cover over the page, on three other devices that show
 * the order: the slowest of them. */
async function stopSeen(check, wrong) {
  const devices = [];
  for (const tab of ["", "/units", "/custody"]) {
    devices.push(await fresh(coordinator, false));
    await devices.at(-1).page.goto(`/orders/${check.order}${tab}`);
  }
  const reader = await fresh(check.state, false);
  const { page } = reader;
  await page.goto(check.path);
  await page.waitForTimeout(1000);
  const form = page.locator("form[action$='identity.check']").filter({ has: page.locator("input[data-scan=submit]") });
  await form.locator("input[data-scan=submit]").fill(wrong);
  const pressed = Date.now();
  await form.locator("button.primary").click({ noWaitAfter: true });
  await Promise.all(devices.map(({ page }) => page.locator("dialog:modal").waitFor({ timeout: 20_000 })));
  const took = Date.now() - pressed;
  for (const { context } of [...devices, reader]) await context.close();
  return took;
}

async function stops() {
  const open = await checks();
  const all = [];
  for (const check of open) {
    const other = rows.find((row) => row.order_id !== check.order);
    const units = await rowsOf(coordinator, `/orders/${other.order_id}/units`);
    if (units.length > 0) all.push(await stopSeen(check, units[0].label));
  }
  if (all.length === 0) return console.error("no open task at which one unit is checked");
  say("a stop: from the press to the cover on three other devices", median(all), "ms", "at_most=2000");
}

/* --- all of it --- */

/* The open task with the most to enter, of those who have one; whoever it is. */
async function biggestTask() {
  let best;
  for (const role of ["operator", "apheresis_nurse", "analyst", "technologist", "ward_nurse"])
    for (const person of demo.people.filter((p) => p.role === role).slice(0, 2)) {
      const state = await signedIn(person);
      const { context, page } = await fresh(state, false);
      await page.goto("/work");
      const paths = await page.locator("main a[href*='/tasks/']").evaluateAll((all) => all.map((a) => a.getAttribute("href")));
      for (const path of paths.slice(0, 4)) {
        await page.goto(path);
        const fields = await page.locator("main .entry, main .choice").count();
        if (!best || fields > best.fields) best = { state, path, fields };
      }
      await context.close();
    }
  return best;
}

const coordinator = await signedIn(house.person("coordinator", "Corvida office"));
const send = await caller(coordinator);
const rows = await rowsOf(coordinator, "/");
const running = rows.filter((row) => row.trouble === 3).map((row) => row.order_id).slice(0, 20);
const task = await biggestTask();
for (const [name, state, path] of [["control tower", coordinator, "/"], ["task", task.state, task.path]]) {
  await loads(name, state, path);
  await presses(name, state, path);
}
const watched = task.path.match(/orders\/([^/]+)/)[1];
await changes("control tower", coordinator, "/", send, running);
await changes("task", task.state, task.path, send, running.filter((id) => id !== watched));
await stops();
await house.close();
