/* One stream of events for all tabs of a browser. Tabs say what they watch and since when; each event goes to
 * all of them. A stream begins with what came since the earliest of them, so that nothing is missed while a
 * page is read, while another stream takes this one's place, or while it was cut. A tab that is gone without
 * a word is noticed by its silence. */
import type { FromWorker, ToWorker } from "./live";
import { earliest, isLater, liveUrl } from "./live_url";

interface Tab {
  port: MessagePort;
  topics: string[];
  since: string; /* it was told of everything until then */
  heard: number;
}
const SILENT_MS = 90_000;
const RETRY_MS = 5_000;
const TOPICS_MAX = 16; /* of one stream, as the server takes them */

const tabs = new Set<Tab>();
let source: EventSource | undefined;
let open = false;
let watched: string[] = [];
let at = ""; /* until where the stream has told, or begins to */

/* Orders before all else: a stop may be among what they bring. */
function wanted(): string[] {
  const all = [...new Set([...tabs].flatMap((tab) => tab.topics))].sort();
  const orders = all.filter((topic) => topic.startsWith("order/"));
  return [...orders, ...all.filter((topic) => !topic.startsWith("order/"))].slice(0, TOPICS_MAX);
}

const covered = (tab: Tab) => tab.topics.every((topic) => watched.includes(topic));

function send(tab: Tab, message: FromWorker): void {
  tab.port.postMessage(message);
}

/* A tab of which the stream leaves something out asks by itself, as without one. */
function tellState(): void {
  for (const tab of tabs) send(tab, { open: open && covered(tab) });
}

function news(topic: string, token: string): void {
  at = token;
  for (const tab of tabs) {
    if (covered(tab) && isLater(token, tab.since)) tab.since = token;
    if (topic !== "at") send(tab, { topic });
  }
}

function watch(): void {
  const topics = wanted();
  if (source && topics.join() === watched.join()) return;
  source?.close();
  source = undefined;
  open = false;
  watched = topics;
  if (topics.length === 0) return;
  at = earliest([...tabs].map((tab) => tab.since));
  const opened = new EventSource(liveUrl(topics, at));
  source = opened;
  opened.onopen = () => {
    open = true;
    tellState();
  };
  opened.onerror = () => {
    open = false;
    tellState();
    if (opened.readyState !== EventSource.CLOSED || source !== opened) return;
    source = undefined;
    setTimeout(watch, RETRY_MS);
  };
  for (const topic of [...topics, "reload", "at"])
    opened.addEventListener(topic, (event: MessageEvent) => news(topic, event.lastEventId));
}

/* The stream may have told something after the tab's page was read, and before the tab was there. */
function join(tab: Tab): void {
  tabs.add(tab);
  watch();
  send(tab, { open: open && covered(tab) });
  if (!covered(tab) || at === tab.since || !isLater(at, tab.since)) return;
  send(tab, { topic: "reload" });
  tab.since = at;
}

setInterval(() => {
  const now = Date.now();
  for (const tab of tabs) if (now - tab.heard > SILENT_MS) tabs.delete(tab);
  watch();
}, SILENT_MS / 3);

(self as unknown as { onconnect: (e: MessageEvent) => void }).onconnect = (e) => {
  const port = e.ports[0];
  if (!port) return;
  const tab: Tab = { port, topics: [], since: "", heard: Date.now() };
  port.onmessage = (event: MessageEvent<ToWorker>) => {
    const { topics, since } = event.data;
    const there = tabs.has(tab) && since === undefined;
    tab.heard = Date.now();
    tab.topics = topics;
    tab.since = since ?? tab.since;
    if (topics.length === 0) tabs.delete(tab);
    if (there || topics.length === 0) watch();
    else join(tab);
  };
};
