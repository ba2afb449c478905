/* One stream of events for all tabs of a browser. Tabs say what they watch; each event goes to all
 * of them, and "reload" after a stream that was cut is back, because something may have been missed.
 * A tab that is gone without a word is noticed by its silence. */
import type { FromWorker, ToWorker } from "./live";

interface Tab {
  port: MessagePort;
  topics: string[];
  heard: number;
}
const SILENT_MS = 90_000;
const RETRY_MS = 5_000;
const TOPICS_MAX = 16; /* of one stream, as the server takes them */

const tabs = new Set<Tab>();
let source: EventSource | undefined;
let watched = "";
let cut = false;

function tell(message: FromWorker): void {
  for (const tab of tabs) tab.port.postMessage(message);
}

function watch(): void {
  const topics = [...new Set([...tabs].flatMap((tab) => tab.topics))].sort().slice(0, TOPICS_MAX);
  const wanted = topics.join(",");
  if (wanted === watched && source) return;
  source?.close();
  source = undefined;
  watched = wanted;
  if (topics.length === 0) return;
  const opened = new EventSource(`/live?topics=${encodeURIComponent(wanted)}`);
  source = opened;
  opened.onopen = () => {
    tell({ open: true });
    if (cut) tell({ topic: "reload" });
    cut = false;
  };
  opened.onerror = () => {
    cut = true;
    tell({ open: false });
    if (opened.readyState !== EventSource.CLOSED || source !== opened) return;
    source = undefined;
    setTimeout(watch, RETRY_MS);
  };
  for (const topic of [...topics, "reload"])
    opened.addEventListener(topic, () => tell({ topic }));
}

setInterval(() => {
  const now = Date.now();
  for (const tab of tabs) if (now - tab.heard > SILENT_MS) tabs.delete(tab);
  watch();
}, SILENT_MS / 3);

(self as unknown as { onconnect: (e: MessageEvent) => void }).onconnect = (e) => {
  const port = e.ports[0];
  if (!port) return;
  const tab: Tab = { port, topics: [], heard: Date.now() };
  tabs.add(tab);
  port.onmessage = (event: MessageEvent<ToWorker>) => {
    tab.heard = Date.now();
    tab.topics = event.data.topics;
    if (event.data.topics.length === 0) tabs.delete(tab);
    else tabs.add(tab);
    watch();
  };
};
