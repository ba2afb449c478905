/* Everything a page runs. Pages work without any of it: scripts only make them live, read scanners
 * wherever the focus stands, and let countdowns tick. */
import { startCamera } from "./camera";
import { startConnection } from "./connection";
import { startCountdowns } from "./countdown";
import { startForms } from "./form";
import { startLive } from "./live";
import { startLock } from "./lock";
import { startScan } from "./scan";
import { startStops } from "./stop";
import { startTabs } from "./tabs";
import { startTimes } from "./time";
import { startUploads } from "./upload";
import { startTokens } from "./token";
import { startWall } from "./wall";

/* Scripts that not every page needs, by what those have (pages/layout.html names where they are).
 * They come once the page is there; what only answers a press, when somebody is about to, or soon
 * after: until then links are links. */
const SOON_MS = 2_000;
const ABOUT_MS = 150; /* behind the sign itself: what it presses is answered first */

function load(script: "chart" | "fragments", needs: string): void {
  const from = document.documentElement.dataset[`${script}Script`];
  if (!from || !document.querySelector(needs)) return;
  delete document.documentElement.dataset[`${script}Script`];
  const own = document.createElement("script");
  own.src = from;
  document.head.append(own);
}

startCountdowns();
startTokens(); /* before what counts a form as sent */
startConnection(); /* before what counts a form as sent, too */
startLock();
startScan();
startCamera();
startTimes();
startForms();
startUploads();
startStops();
startLive();
startWall();
startTabs();
window.addEventListener("load", () => {
  const answer = () => load("fragments", "[hx-boost]"); /* earlier htmx waits in vain for the page */
  const about = () => window.setTimeout(answer, ABOUT_MS);
  load("chart", "[data-chart]");
  window.setTimeout(answer, SOON_MS);
  for (const sign of ["pointermove", "pointerdown", "keydown"])
    document.addEventListener(sign, about, { once: true, passive: true });
});
