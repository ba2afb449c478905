/* The camera as a scanner: beside each scan field, on a device that has one, stands a button that opens
 * the camera's picture over the page. What is read goes the way of what a scanner types (scan.ts); where
 * the form has further scan fields to fill, the next one's turn comes without another press. The camera
 * is let go whenever the picture is not there: at a read that sends, when it is closed, when the page is
 * left or out of sight, and when a lock or a stop covers it. A badge is read by no camera: what a picture
 * of it could show must not open a session. Markup and words: pages/camera.html. */
import { openEye, type Eye } from "./camera_eye";
import { put } from "./scan";

const FLASH_MS = 350; /* that a read is shown before it goes */
const GONE_MS = 1_500; /* out of sight for so long, the same code may be read again */

const problems: Record<string, string> = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "none",
  OverconstrainedError: "none",
  NotReadableError: "busy",
  AbortError: "busy",
};

let dialog: HTMLDialogElement | undefined;
let eye: Eye | undefined;
let field: HTMLInputElement | undefined; /* that the next code is for */
let turn = 0; /* of the picture: what belongs to an earlier one comes too late */
let told = ""; /* which words stand there */
let taken = { text: "", gone: 0 }; /* the last code, and since when it is out of sight; 0: it is not */

function template(): HTMLTemplateElement | null {
  return document.querySelector<HTMLTemplateElement>("template#camera");
}

function part<T extends HTMLElement>(selector: string): T {
  const found = dialog?.querySelector<T>(selector);
  if (!found) throw new Error(`no ${selector} in pages/camera.html`);
  return found;
}

function nameOf(of: HTMLInputElement): string {
  return (of.labels?.[0]?.textContent ?? of.getAttribute("aria-label") ?? "").trim();
}

function chosen(): string {
  try {
    return localStorage.getItem("camera") ?? "";
  } catch {
    return ""; /* a browser that keeps nothing takes the one at the back each time */
  }
}

/* State and words of the picture; the words are the dialog's own, `what` follows them. */
function say(state: "starting" | "looking" | "read" | "problem", words: string, what = ""): void {
  if (!dialog) return;
  dialog.dataset["state"] = state;
  told = words;
  const said = [dialog.dataset[words], what].filter(Boolean).join(" ");
  const line = part(".camera-say");
  if (line.textContent !== said) line.textContent = said; /* read out once */
}

function release(): void {
  turn++;
  eye?.stop();
  eye = undefined;
}

function close(): void {
  release();
  dialog?.close();
}

/* The next field of the form that waits for a scan. */
function following(of: HTMLInputElement): HTMLInputElement | undefined {
  const all = [...(of.form?.querySelectorAll<HTMLInputElement>("input[data-scan]") ?? [])];
  return all.slice(all.indexOf(of) + 1).find((next) => next.value === "" && next.checkVisibility());
}

function aim(at: HTMLInputElement): void {
  field = at;
  part("h2").textContent = nameOf(at);
}

function deliver(text: string): void {
  const to = field;
  if (!to?.isConnected || to.form?.dataset["sent"] !== undefined) return close();
  if (to.dataset["scan"] === "submit" || to.dataset["scan"] === "find") close();
  if (put(to, text)) return;
  const next = following(to);
  if (next) {
    aim(next);
    say("looking", "next", nameOf(next));
    return;
  }
  close();
  if (to.nextElementSibling instanceof HTMLElement) to.nextElementSibling.focus(); /* the button */
}

function read(text: string): void {
  const now = performance.now();
  if (text === "") {
    taken.gone ||= now;
    if (now - taken.gone > GONE_MS) taken.text = "";
    if (told === "several") say("looking", "aim");
    return;
  }
  const again = text === taken.text;
  if (again) taken.gone = 0;
  if (again || dialog?.dataset["state"] !== "looking") return;
  taken = { text, gone: 0 };
  say("read", "read");
  if (document.documentElement.dataset["quiet"] === undefined) navigator.vibrate?.(80);
  const mine = turn;
  window.setTimeout(() => {
    if (mine === turn) deliver(text);
  }, FLASH_MS);
}

function fail(words: string): void {
  release();
  say("problem", words);
}

/* What can be chosen is known once the camera may be used. */
async function offer(mine: number): Promise<void> {
  const all = await navigator.mediaDevices.enumerateDevices();
  const cameras = all.filter((device) => device.kind === "videoinput" && device.deviceId !== "");
  if (mine !== turn || !eye) return;
  const select = part<HTMLSelectElement>("select");
  select.replaceChildren(
    ...cameras.map((camera, i) => new Option(camera.label || String(i + 1), camera.deviceId)),
  );
  select.value = eye.device();
  part(".camera-which").hidden = cameras.length < 2;
  const light = part(".camera-torch");
  light.hidden = eye.torch() === undefined;
  light.setAttribute("aria-pressed", String(eye.torch() === true));
}

async function start(): Promise<void> {
  release();
  const mine = turn;
  say("starting", "starting");
  const video = part<HTMLVideoElement>("video");
  try {
    const opened = await openEye({
      video,
      frame: part(".camera-frame"),
      script: template()?.dataset["script"] ?? "",
      device: chosen(),
      read,
      several: () => dialog?.dataset["state"] === "looking" && say("looking", "several"),
      failed: () => fail("failed"),
    });
    if (mine !== turn) return opened.stop();
    eye = opened;
    say("looking", "aim");
    await offer(mine);
  } catch (error) {
    if (mine === turn) fail(problems[error instanceof DOMException ? error.name : ""] ?? "failed");
  }
}

function make(): HTMLDialogElement | undefined {
  const made = template()?.content.querySelector("dialog");
  if (!made) return undefined;
  dialog = document.importNode(made, true);
  document.body.append(dialog);
  dialog.addEventListener("close", release);
  part(".camera-close").addEventListener("click", close);
  part(".camera-again").addEventListener("click", () => void start());
  part(".camera-torch").addEventListener("click", (event) => {
    const on = !eye?.torch();
    (event.currentTarget as HTMLElement).setAttribute("aria-pressed", String(on));
    void eye?.light(on).catch(() => undefined);
  });
  part<HTMLSelectElement>("select").addEventListener("change", (event) => {
    try {
      localStorage.setItem("camera", (event.currentTarget as HTMLSelectElement).value);
    } catch {
      /* as above */
    }
    void start();
  });
  return dialog;
}

function open(at: HTMLInputElement): void {
  const shown = dialog ?? make();
  if (!shown) return;
  taken = { text: "", gone: 0 };
  aim(at);
  shown.showModal();
  part(".camera-close").focus();
  void start();
}

let sees = false; /* there is a camera */

function upgrade(within: ParentNode): void {
  if (!sees) return;
  const button = template()?.content.querySelector("button");
  if (!button) return;
  for (const at of within.querySelectorAll<HTMLInputElement>('input[data-scan]:not([data-scan="badge"])')) {
    if (at.nextElementSibling?.matches(".camera-open")) continue;
    const opens = document.importNode(button, true);
    opens.setAttribute("aria-label", `${opens.title}: ${nameOf(at)}`);
    opens.addEventListener("click", () => open(at));
    at.after(opens);
  }
}

/* A browser tells that there are cameras before one may be used, but not which. */
async function look(): Promise<void> {
  const all = await navigator.mediaDevices.enumerateDevices();
  sees = all.some((device) => device.kind === "videoinput");
  document.documentElement.classList.toggle("sees", sees);
  upgrade(document);
}

export function startCamera(): void {
  if (!isSecureContext || !("mediaDevices" in navigator) || !template()) return;
  look().catch(() => undefined);
  navigator.mediaDevices.addEventListener("devicechange", () => void look().catch(() => undefined));
  document.addEventListener("vein:fresh", (event) => upgrade((event as CustomEvent<HTMLElement>).detail));
  document.addEventListener("vein:covered", close);
  document.addEventListener("visibilitychange", () => document.hidden && close());
  window.addEventListener("pagehide", close);
}
