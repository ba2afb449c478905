/* A stop fills the screen wherever its order is open. The head of every page about an order is live
 * (pages/order_head.html) and brings the stop as a dialog, which is laid over the page here, with sound
 * and vibration where the device allows them, until it was seen in this tab by who works there. What
 * was typed below stays; the head stays red. Without script the stop stands in the page. */

const SEEN_FIRST_MS = 50; /* making a sound may hold the page up: the stop is drawn before it */
const AGAIN_MS = 4_000;
const TIMES_MAX = 15; /* that it sounds, when nobody comes */
const TONES = [880, 660, 880];

let sound: AudioContext | undefined;
let sounding: number | undefined;

function keyOf(stop: HTMLElement): string {
  return `stop ${stop.dataset["stop"]} ${document.querySelector(".person")?.textContent ?? ""}`;
}

function isSeen(stop: HTMLElement): boolean {
  try {
    return sessionStorage.getItem(keyOf(stop)) !== null;
  } catch {
    return false; /* a browser that keeps nothing shows it each time */
  }
}

function quiet(): void {
  window.clearInterval(sounding);
  sounding = undefined;
}

function see(stop: HTMLElement): void {
  quiet();
  try {
    sessionStorage.setItem(keyOf(stop), "");
  } catch {
    /* as above */
  }
}

/* Not before somebody touched the page: browsers keep silent until then. */
function beep(): void {
  if (navigator.userActivation.hasBeenActive && "vibrate" in navigator)
    navigator.vibrate([300, 150, 300]);
  sound ??= new AudioContext();
  if (sound.state !== "running") {
    sound.resume().catch(() => undefined);
    return; /* the next time, if it may by then */
  }
  for (const [i, pitch] of TONES.entries()) {
    const tone = sound.createOscillator();
    const level = sound.createGain();
    tone.type = "square";
    tone.frequency.value = pitch;
    level.gain.value = 0.2;
    tone.connect(level).connect(sound.destination);
    tone.start(sound.currentTime + i * 0.25);
    tone.stop(sound.currentTime + i * 0.25 + 0.18);
  }
}

function alarm(): void {
  if (document.documentElement.dataset["quiet"] !== undefined || sounding !== undefined) return;
  let times = 1;
  beep();
  sounding = window.setInterval(() => (++times > TIMES_MAX ? quiet() : beep()), AGAIN_MS);
}

function cover(stop: HTMLDialogElement): void {
  stop.removeAttribute("open");
  if (isSeen(stop)) return;
  stop.showModal();
  document.dispatchEvent(new Event("vein:covered"));
  stop.querySelector<HTMLElement>(".sign")?.focus(); /* not a button, which a scanner's Enter would press */
  stop.addEventListener("cancel", (event) => event.preventDefault());
  stop.addEventListener("close", () => {
    if (stop.isConnected && !isSeen(stop)) stop.showModal(); /* a browser takes a second Escape for an order */
  });
  const seen = stop.querySelector<HTMLButtonElement>("[data-stop-seen]");
  seen?.removeAttribute("hidden");
  seen?.addEventListener("click", () => {
    see(stop);
    stop.close();
  });
  stop.querySelector("a.button")?.addEventListener("click", () => see(stop));
  window.setTimeout(() => isSeen(stop) || alarm(), SEEN_FIRST_MS);
}

/* The head came anew. On the page of a stop itself it only tells whether that still stands. */
function fresh(head: HTMLElement): void {
  const stop = head.querySelector<HTMLDialogElement>("dialog[data-stop]");
  const page = document.querySelector<HTMLElement>("main > [data-stop]");
  if (page) {
    head.hidden = true;
    if (!stop) location.reload();
    return;
  }
  if (stop) cover(stop);
  else quiet();
}

export function startStops(): void {
  const page = document.querySelector<HTMLElement>("main > [data-stop]");
  if (page && !isSeen(page)) {
    alarm();
    see(page);
  }
  document.querySelectorAll<HTMLDialogElement>("dialog[data-stop]").forEach(cover);
  document.addEventListener("vein:fresh", (event) => {
    const part = (event as CustomEvent<HTMLElement>).detail;
    if (part.id === "order-head") fresh(part);
  });
}
