/* Live pages: an element with data-live="topic …" and an id is fetched anew when one of its topics
 * has news, from data-from or the page's own address, and what differs is changed in place. One
 * stream of events serves all tabs where the browser has shared workers, else each tab has its own;
 * without a stream the page asks every few seconds, which costs nothing while the ETag holds. */
import { streamIs } from "./connection";
import { glide } from "./glide";
import { liveUrl } from "./live_url";
import { patch } from "./patch";

/* since: what the page was read after, told once; later the worker knows better. */
export interface ToWorker {
  topics: string[];
  since?: string;
}
export type FromWorker = { open: boolean } | { topic: string };

/* Between two fetches of one element; and before the first, lest all ask in the same instant. An
 * element with data-urgent may bring a stop: it goes before all others. */
const PACE = { quiet_ms: 1_500, soon_ms: 150 };
const URGENT = { quiet_ms: 300, soon_ms: 15 };
const POLL_MS = 15_000;
const AGAIN_MS = 3_000; /* what could not be fetched, or stood under somebody's hands */
const SAY_MS = 30_000;

interface Part {
  id: string;
  due: boolean;
  timer: number | undefined;
  asked: number;
  asks: number;
  etag: string;
}
const parts = new Map<string, Part>();
let open = false;

function elements(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-live][id]")];
}

function topicsOf(element: HTMLElement): string[] {
  return (element.dataset["live"] ?? "").split(" ").filter((topic) => topic !== "");
}

function topics(): string[] {
  return [...new Set(elements().flatMap(topicsOf))];
}

/* Someone is typing here: what they typed must not go away. */
function busy(element: HTMLElement): boolean {
  const at = document.activeElement;
  return at !== null && element.contains(at) && at.matches("input, select, textarea");
}

async function partOf(answer: Response, id: string): Promise<HTMLElement | null> {
  return new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
}

/* Whether the part is as the server says now; false: it is due again. Of two that overlap the later one
 * counts, whichever answers first. */
async function refresh(part: Part, number: number): Promise<boolean> {
  const element = document.getElementById(part.id);
  if (!element) {
    parts.delete(part.id);
    return true;
  }
  if (busy(element)) return false;
  const from = element.dataset["from"] ?? location.pathname + location.search;
  const headers: Record<string, string> = { "X-Fragment": "1" };
  if (part.etag) headers["If-None-Match"] = part.etag;
  const answer = await fetch(from, { headers, cache: "no-store" });
  if (answer.status === 423) {
    document.dispatchEvent(new Event("vein:locked"));
    part.due = true; /* until somebody is there: the next look is enough */
    return true;
  }
  if (answer.redirected || answer.status === 401) {
    location.reload(); /* the session ended: the server shows the way */
    return false;
  }
  if (answer.status === 304 || number !== part.asks) return true;
  if (!answer.ok) return answer.status < 500 && answer.status !== 429; /* refused for good */
  const fresh = await partOf(answer, part.id);
  await new Promise((next) => window.setTimeout(next)); /* reading is one task, changing another */
  if (number !== part.asks) return true;
  const now = document.getElementById(part.id);
  if (now && busy(now)) return false;
  if (!fresh || !now) return true;
  glide(now, () => patch(now, fresh));
  part.etag = answer.headers.get("ETag") ?? "";
  document.dispatchEvent(new CustomEvent("vein:fresh", { detail: now }));
  return true;
}

function ask(element: HTMLElement): void {
  const part = parts.get(element.id) ?? {
    id: element.id,
    due: false,
    timer: undefined,
    asked: -PACE.quiet_ms,
    asks: 0,
    etag: "",
  };
  parts.set(element.id, part);
  part.due = true;
  if (part.timer !== undefined) return;
  const pace = element.dataset["urgent"] === undefined ? PACE : URGENT;
  const soon = pace.soon_ms * (1 + Math.random());
  const wait = Math.max(soon, part.asked + pace.quiet_ms - performance.now());
  part.timer = window.setTimeout(() => {
    part.timer = undefined;
    part.asked = performance.now();
    if (document.hidden) return; /* due until it is looked at */
    part.due = false;
    refresh(part, ++part.asks)
      .catch(() => false) /* offline, or a server that is not there */
      .then((shown) => {
        if (shown) return;
        part.due = true;
        window.setTimeout(looked, AGAIN_MS);
      });
  }, wait);
}

/* The element goes on with what another page has in its place. */
export function showAt(element: HTMLElement, path: string): void {
  element.dataset["from"] = path;
  const part = parts.get(element.id);
  if (part) part.etag = "";
  ask(element);
}

function news(topic: string): void {
  for (const element of elements())
    if (topic === "reload" || topicsOf(element).includes(topic)) ask(element);
}

function looked(): void {
  if (document.hidden) return;
  for (const part of parts.values()) {
    const element = document.getElementById(part.id);
    if (part.due && element) ask(element);
  }
}

function isOpen(yes: boolean): void {
  open = yes;
  streamIs(yes);
}

/* The server's token from before it read this page: the stream begins with what came since. */
function readAfter(): string {
  return document.documentElement.dataset["news"] ?? "";
}

function ownStream(): void {
  const wanted = topics();
  const source = new EventSource(liveUrl(wanted, readAfter()));
  source.onopen = () => isOpen(true);
  source.onerror = () => isOpen(false);
  for (const topic of [...wanted, "reload"]) source.addEventListener(topic, () => news(topic));
}

function sharedStream(url: string): void {
  const worker = new SharedWorker(url);
  worker.port.onmessage = (event: MessageEvent<FromWorker>) => {
    if ("open" in event.data) isOpen(event.data.open);
    else news(event.data.topic);
  };
  const say = (more: Partial<ToWorker> = {}) =>
    worker.port.postMessage({ topics: topics(), ...more } satisfies ToWorker);
  say({ since: readAfter() });
  window.setInterval(say, SAY_MS);
  window.addEventListener("pageshow", (event) => event.persisted && say({ since: readAfter() }));
  window.addEventListener("pagehide", () =>
    worker.port.postMessage({ topics: [] } satisfies ToWorker),
  );
}

/* A long list comes with the rows that a screen shows; those behind them when one comes near their
 * end. */
async function fill(element: HTMLElement): Promise<void> {
  const from = element.dataset["rest"] ?? "";
  const answer = await fetch(from, { headers: { "X-Fragment": "1" }, cache: "no-store" });
  if (!answer.ok || answer.redirected) return; /* the link behind the rows leads there */
  const rest = await partOf(answer, element.id);
  if (!rest || element.dataset["rest"] !== from) return; /* all of it came anew meanwhile */
  delete element.dataset["rest"];
  element.querySelector(".rows")?.append(...rest.querySelectorAll(".rows > li"));
  for (const end of [".more-note", ".more"])
    element.querySelector(end)?.replaceWith(...rest.querySelectorAll(end));
  document.dispatchEvent(new CustomEvent("vein:fresh", { detail: element }));
}

function startFilling(): void {
  const near = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) {
      const element = target.closest<HTMLElement>("[data-rest][id]");
      if (!isIntersecting) continue;
      near.unobserve(target);
      if (element) fill(element).catch(() => undefined);
    }
  });
  for (const end of document.querySelectorAll("[data-rest][id] .more")) near.observe(end);
}

export function startLive(): void {
  if ("IntersectionObserver" in window) window.addEventListener("load", startFilling);
  if (topics().length === 0) return;
  const url = document.documentElement.dataset["worker"];
  if (url && "SharedWorker" in window) sharedStream(url);
  else if ("EventSource" in window) ownStream();
  window.setInterval(() => {
    if (!open) news("reload");
    else looked();
  }, POLL_MS);
  document.addEventListener("visibilitychange", looked);
  document.addEventListener("focusout", () => window.setTimeout(looked, 0));
}
