/* One stream of events for all tabs of a browser. Tabs say what they watch and since when; each event goes to
 * all of them. A stream begins with what came since the token that it is asked with, so that nothing is
 * missed while a page is read, while another stream takes this one's place, or while it was cut. A tab that is
 * gone without a word is noticed by its silence. */
import type { FromWorker, ToWorker } from "./live";
import { isLater, liveUrl } from "./live_url";

interface Tab {
  port: MessagePort;
  topics: string[];
  since: string; /* it knows of everything until then */
  heard: number;
}
const SILENT_MS = 90_000;
const RETRY_MS = 5_000;
const TOPICS_MAX = 16; /* of one stream, as the server takes them */

const tabs = new Set<Tab>();
const seen = new Map<string, string>(); /* the last token of each topic of the stream */
let source: EventSource | undefined;
let watched = "";
let at = ""; /* the last token of all */

function tell(message: FromWorker): void {
  for (const tab of tabs) tab.port.postMessage(message);
}

function news(topic: string, token: string): void {
  seen.set(topic, token);
  if (token && isLater(token, at)) at = token;
  for (const tab of tabs) tab.since = at;
  if (topic !== "at") tell({ topic });
}

function watch(since: string): void {
  const topics = [...new Set([...tabs].flatMap((tab) => tab.topics))].sort().slice(0, TOPICS_MAX);
  const wanted = topics.join(",");
  if (wanted === watched && source) return;
  source?.close();
  source = undefined;
  watched = wanted;
  if (topics.length === 0) return;
  const opened = new EventSource(liveUrl(topics, since));
  source = opened;
  opened.onopen = () => tell({ open: true });
  opened.onerror = () => {
    tell({ open: false });
    if (opened.readyState !== EventSource.CLOSED || source !== opened) return;
    source = undefined;
    setTimeout(() => watch(at), RETRY_MS);
  };
  for (const topic of [...topics, "reload", "at"])
    opened.addEventListener(topic, (event: MessageEvent) => news(topic, event.lastEventId));
}

/* What the stream brought after the tab's page was read, and before it came. */
function join(tab: Tab): void {
  tabs.add(tab);
  for (const topic of [...tab.topics, "reload"]) {
    const token = seen.get(topic);
    if (token && isLater(token, tab.since)) tab.port.postMessage({ topic } satisfies FromWorker);
  }
  watch(at === "" || isLater(at, tab.since) ? tab.since : at);
}

setInterval(() => {
  const now = Date.now();
  for (const tab of tabs) if (now - tab.heard > SILENT_MS) tabs.delete(tab);
  watch(at);
}, SILENT_MS / 3);

(self as unknown as { onconnect: (e: MessageEvent) => void }).onconnect = (e) => {
  const port = e.ports[0];
  if (!port) return;
  const tab: Tab = { port, topics: [], since: "", heard: Date.now() };
  port.onmessage = (event: MessageEvent<ToWorker>) => {
    const { topics, since } = event.data;
    tab.heard = Date.now();
    tab.topics = topics;
    tab.since = since ?? tab.since;
    if (topics.length === 0) {
      tabs.delete(tab);
      watch(at);
    } else join(tab);
  };
};
