/* Everything a page runs. Pages work without any of it: scripts only make them live, read scanners
 * wherever the focus stands, and let countdowns tick. */
import { startConnection } from "./connection";
import { startCountdowns } from "./countdown";
import { startForms } from "./form";
import { startFragments } from "./fragments";
import { startLive } from "./live";
import { startLock } from "./lock";
import { startScan } from "./scan";
import { startStops } from "./stop";
import { startTabs } from "./tabs";
import { startTimes } from "./time";
import { startUploads } from "./upload";
import { startTokens } from "./token";
import { startWall } from "./wall";

startCountdowns();
startTokens(); /* before what counts a form as sent */
startConnection(); /* before what counts a form as sent, too */
startLock();
startScan();
startTimes();
startForms();
startFragments();
startUploads();
startStops();
startLive();
startWall();
startTabs();
