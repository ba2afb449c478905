/* News (ui/live.ts, ui/live_worker.ts): what tabs that share a stream are told, whatever comes in which
 * order; and that a page shows the latest of what it asked for, also after nobody looked at it.
 * partial: OPS-04 */
import { createRequire } from "node:module";
import { expect } from "./house.mjs";

const require = createRequire(new URL("../../ui/package.json", import.meta.url));

/* --- the worker, its browser played --- */

class Source {
  static CLOSED = 2;
  constructor(url) {
    this.asked = new URL(url, "http://vein.invalid").searchParams;
    this.readyState = 0;
    this.told = new Map();
    Source.last = this;
  }
  addEventListener(topic, hear) {
    this.told.set(topic, hear);
  }
  close() {
    this.readyState = Source.CLOSED;
  }
  opens() {
    this.readyState = 1;
    this.onopen();
  }
  refused() {
    this.readyState = Source.CLOSED;
    this.onerror();
  }
  tells(topic, lastEventId) {
    this.told.get(topic)({ lastEventId });
  }
  get topics() {
    return this.asked.get("topics").split(",");
  }
}

async function workerCode() {
  const { outputFiles } = await require("esbuild").build({
    entryPoints: [new URL("../../ui/live_worker.ts", import.meta.url).pathname],
    bundle: true, write: false, format: "iife",
  });
  return outputFiles[0].text;
}

/* A worker of its own: `joins` is a tab that comes, `later` lets time go by, and its timers run. */
function begun(code) {
  const self = {};
  const clock = { now: () => clock.at, at: 1_000_000 };
  let timers = [];
  const timer = (always) => (run, ms) => timers.push({ run, ms, always, at: clock.at + ms });
  const names = ["self", "EventSource", "setTimeout", "setInterval", "Date"];
  new Function(...names, code)(self, Source, timer(false), timer(true), clock);
  const joins = (topics, since) => {
    const tab = { told: [], says: (data) => tab.port.onmessage({ data }) };
    tab.port = { postMessage: (message) => tab.told.push(message) };
    self.onconnect({ ports: [tab.port] });
    tab.says({ topics, since });
    return tab;
  };
  const later = (ms) => {
    clock.at += ms;
    const due = timers.filter((one) => one.at <= clock.at);
    timers = timers.filter((one) => one.always || !due.includes(one));
    for (const one of due) {
      one.at = clock.at + one.ms;
      one.run();
    }
  };
  return { joins, later };
}

const isOpen = (tab) => tab.told.findLast((message) => "open" in message)?.open;
const topicsTold = (tab) => tab.told.filter((message) => "topic" in message).map((message) => message.topic);
const orders = (n) => Array.from({ length: n }, (_, i) => `order/${String(i).padStart(2, "0")}`);

function atOnce(code) {
  const { joins } = begun(code);
  const first = joins(["order/a"], "s-5");
  const before = Source.last;
  const second = joins(["order/b"], "s-3");
  expect(before.readyState === Source.CLOSED, "there are two streams");
  expect(Source.last.topics.join() === "order/a,order/b", `one stream for ${Source.last.topics}`);
  expect(Source.last.asked.get("since") === "s-3", "it does not begin where the earlier page was read");
  Source.last.opens();
  expect(isOpen(first) && isOpen(second), "a tab is not told that its stream is open");
  Source.last.tells("order/b", "s-6");
  expect(topicsTold(second).join() === "order/b", `told of ${topicsTold(second)}`);
}

function missed(code) {
  const { joins } = begun(code);
  const first = joins(["order/a"], "s-5");
  Source.last.opens();
  Source.last.tells("order/a", "s-9");
  const stream = Source.last;
  const before = joins(["order/a"], "s-7");
  const after = joins(["order/a"], "s-9");
  expect(Source.last === stream, "the same topics make another stream");
  expect(topicsTold(before).join() === "reload", "what came before the tab did is missed");
  expect(topicsTold(after).length === 0, "a tab that is up to date asks again");
  stream.tells("order/a", "t-1"); /* of a server that took over */
  const other = joins(["order/a"], "s-9");
  expect(topicsTold(other).join() === "reload", "a page of another server is taken for up to date");
  expect(topicsTold(first).join() === "order/a,order/a", `the first was told of ${topicsTold(first)}`);
}

function refusedFirst(code) {
  const { joins, later } = begun(code);
  const tab = joins(["order/a"], "s-5");
  const refused = Source.last;
  refused.refused();
  expect(isOpen(tab) === false, "the tab does not ask by itself");
  later(5_000);
  expect(Source.last !== refused, "a stream that was refused is not tried again");
  expect(Source.last.asked.get("since") === "s-5", "it begins elsewhere");
  Source.last.opens();
  expect(isOpen(tab) === true, "the tab goes on asking");
}

function tooMany(code) {
  const { joins } = begun(code);
  const inbox = joins(["inbox"], "s-1");
  const many = joins(orders(15), "s-1");
  Source.last.opens();
  expect(isOpen(inbox) && isOpen(many), "sixteen topics do not go in one stream");
  const last = joins(["order/15", "order/16"], "s-1");
  Source.last.opens();
  expect(Source.last.topics.join() === orders(16).join(), `orders do not go first: ${Source.last.topics}`);
  expect(isOpen(many) === true, "what is in the stream asks by itself");
  expect(isOpen(inbox) === false && isOpen(last) === false, "what is left out is told that it is watched");
}

function gone(code) {
  const { joins, later } = begun(code);
  const stays = joins(["order/a"], "s-1");
  joins(["order/b"], "s-1");
  later(60_000);
  stays.says({ topics: ["order/a"] });
  later(60_000);
  expect(Source.last.topics.join() === "order/a", `a tab that is gone is watched for: ${Source.last.topics}`);
}

async function worker(house) {
  const code = await workerCode();
  await house.check("tabs that come at once share a stream that begins with the earlier page", () => atOnce(code));
  await house.check("a tab is told that something came between its page and itself", () => missed(code));
  await house.check("a stream that was refused is tried again, and the tab asks meanwhile", () => refusedFirst(code));
  await house.check("of more topics than a stream takes, orders go first; who is left out asks", () => tooMany(code));
  await house.check("a tab that is gone without a word is watched for no more", () => gone(code));
}

/* --- a page --- */

/* News each second until `still`; `answer` says what the list is, by the number of the time that it is
 * asked for. */
async function listening(house, person, answer) {
  const context = await house.visitor("desktop");
  const page = context.pages()[0];
  await page.addInitScript(() => {
    delete globalThis.SharedWorker;
    Object.defineProperty(document, "hidden", { get: () => globalThis.away ?? false });
  });
  await house.signIn(page, person);
  await page.getByRole("button", { name: "Sign out" }).waitFor();
  const news = "retry: 1000\nevent: tower\ndata: 1\n\n";
  let asked = 0;
  let stream = news;
  await page.route((url) => url.pathname === "/live", (route) =>
    route.fulfill({ contentType: "text/event-stream", body: stream }));
  await page.route((url) => url.pathname === "/", async (route) => {
    if (!(await route.request().headerValue("x-fragment"))) return route.continue();
    const number = ++asked;
    const response = await route.fetch();
    const says = await answer(number);
    const body = (await response.text()).replace(/<h1>[^<]*/, `<h1>${says}`);
    return route.fulfill({ response, body }).catch(() => undefined); /* the page may be gone */
  });
  await page.goto("/");
  return { page, asked: () => asked, still: () => { stream = "retry: 600000\n\n"; } };
}

async function overtaken(house, person) {
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  const { page } = await listening(house, person, async (number) => {
    if (number > 1) return "Later";
    await held;
    return "Earlier";
  });
  await page.getByRole("heading", { level: 1, name: "Later" }).waitFor();
  await page.evaluate(() => {
    globalThis.said = [];
    new MutationObserver(() => said.push(document.querySelector("h1").textContent))
      .observe(document.querySelector("main"), { subtree: true, childList: true, characterData: true });
  });
  release();
  await page.waitForTimeout(1_000);
  const said = await page.evaluate(() => globalThis.said);
  expect(!said.includes("Earlier"), "an earlier answer took the place of a later one");
  await page.context().close();
}

async function lookedAtAgain(house, person) {
  const { page, asked, still } = await listening(house, person, (number) => `Asked ${number}`);
  await page.getByRole("heading", { level: 1, name: /^Asked/ }).waitFor();
  await page.evaluate(() => { globalThis.away = true; });
  await page.waitForTimeout(1_500); /* what was asked before is answered */
  const before = asked();
  await page.waitForTimeout(3_000);
  expect(asked() === before, "it asks while nobody looks");
  still();
  await page.waitForTimeout(1_500); /* nothing but who looks makes it ask now */
  await page.evaluate(() => {
    globalThis.away = false;
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.getByRole("heading", { level: 1, name: `Asked ${before + 1}` })
    .waitFor({ timeout: 5_000 }); /* by itself it asks each 15 s */
  await page.context().close();
}

export async function live(house) {
  const person = house.person("qa_specialist", "Halden Cell Works");
  await worker(house);
  await house.check("of two answers the one that was asked for later counts", () => overtaken(house, person));
  await house.check("a page that nobody looked at asks when somebody does", () => lookedAtAgain(house, person));
}
