/* The lock of a workstation. Who works on a page says so to the server once a minute at most; when
 * nobody does for as long as the server allows, the page locks itself, and so it does when the server
 * says that the session is locked: a dialog covers the page, which stays below as it was, with
 * everything that was typed. Without script the next request shows the lock as a page of its own. */
import { showTokens } from "./token";

const SAY_MS = 60_000;
const LOOK_MS = 5_000;

let worked = Date.now(); /* by pointer or keys, in this tab or, as storage tells, another */
let said = Date.now();
let dialog: HTMLDialogElement | undefined;
let owed = false; /* the server could not be told of the lock yet */

function lockForm(): HTMLFormElement | null {
  return document.querySelector<HTMLFormElement>("form[data-lock]");
}

function post(form: HTMLFormElement, to: string): Promise<Response> {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") fields.append(name, value);
  return fetch(to, { method: "POST", body: fields, headers: { Accept: "application/json" } });
}

function said_now(): void {
  const form = lockForm();
  if (!form || dialog || Date.now() - said < SAY_MS) return;
  said = Date.now();
  post(form, "/here")
    .then((answer) => (answer.status === 423 ? cover() : undefined))
    .catch(() => undefined); /* offline: said again with the next touch */
}

function works(): void {
  if (dialog) return;
  worked = Date.now();
  try {
    localStorage.setItem("worked", String(worked));
  } catch {
    /* a browser that keeps nothing: each tab for itself */
  }
  said_now();
}

function lastWorked(): number {
  try {
    return Math.max(worked, Number(localStorage.getItem("worked") ?? 0));
  } catch {
    return worked;
  }
}

/* That it was the server itself which did it, was locked before, or knows the session no more. What
 * a proxy answers in its place, or the server while it is busy, is no answer. */
async function heard(answer: Response): Promise<void> {
  if (answer.ok || answer.status === 401 || answer.status === 423) return;
  if (answer.status === 403 && (await answer.json()).code === "auth.csrf")
    location.reload(); /* another's session by now */
  throw new Error("not heard");
}

/* Uncovers where the server says in so many words that the session is not locked, and on no other
 * answer. */
async function open(): Promise<void> {
  const answer = await fetch("/locked?next=" + encodeURIComponent(location.pathname), {
    headers: { "X-Fragment": "1" },
    cache: "no-store",
  });
  if (answer.status === 401) {
    location.assign("/sign-in?next=" + encodeURIComponent(location.pathname));
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const lock = page.getElementById("locked");
  const form = lockForm();
  if (!dialog || !form) return;
  if (!lock) {
    const here = await post(form, "/here");
    await heard(here);
    if (here.status === 204) uncover(); /* another tab went on */
    return;
  }
  dialog.replaceChildren(document.importNode(lock, true));
  showTokens(dialog);
  dialog.querySelector<HTMLInputElement>("#unlock")?.focus();
}

function uncover(): void {
  const covered = dialog;
  dialog = undefined;
  covered?.close();
  covered?.remove();
  worked = said = Date.now();
}

/* Covers the page and asks for the lock. */
export function cover(): void {
  if (dialog || document.getElementById("locked") || !lockForm()) return;
  dialog = document.createElement("dialog");
  dialog.className = "lock-cover";
  const covering = dialog;
  /* A browser takes a second Escape for an order: it covers again, whatever closed it. */
  covering.addEventListener("cancel", (event) => event.preventDefault());
  covering.addEventListener("keydown", (event) => {
    if (event.key === "Escape") event.preventDefault();
  });
  covering.addEventListener("close", () => {
    if (dialog === covering) covering.showModal();
  });
  const told = document.createElement("p");
  told.className = "note";
  told.setAttribute("role", "status");
  told.textContent = lockForm()?.dataset["offline"] ?? "";
  covering.append(told);
  document.body.append(covering);
  covering.showModal();
  document.dispatchEvent(new Event("vein:covered"));
  ask();
}

/* Offline it stays covered and says so; the next look asks again, and what was to be locked and could
 * not be told is told first. */
async function reach(): Promise<void> {
  const form = lockForm();
  if (owed && form) await heard(await post(form, "/lock"));
  owed = false;
  await open();
}

function ask(): void {
  reach().catch(() => undefined);
}

async function lockNow(form: HTMLFormElement): Promise<void> {
  await post(form, "/lock")
    .then(heard)
    .catch(() => (owed = true));
  cover();
}

async function unlock(form: HTMLFormElement): Promise<void> {
  const answer = await post(form, form.action).catch(() => Response.error());
  if (answer.status === 204) {
    uncover();
    return;
  }
  const told = (await answer.json().catch(() => ({ detail: lockForm()?.dataset["offline"] }))) as {
    code?: string;
    detail?: string;
    hint?: string;
  };
  if (answer.status === 401 && told.code === "auth.sign_in") {
    location.assign("/sign-in?next=" + encodeURIComponent(location.pathname));
    return;
  }
  let text = form.querySelector<HTMLElement>(".field-problem.told");
  if (!text) {
    text = document.createElement("p");
    text.className = "field-problem told";
    text.setAttribute("role", "alert");
    form.append(text);
  }
  text.textContent = [told.detail, told.hint].filter(Boolean).join(": ");
  delete form.dataset["sent"];
  form.removeAttribute("aria-busy");
}

function submitted(event: SubmitEvent): void {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || event.defaultPrevented) return;
  if (form.dataset["lock"] !== undefined) {
    event.preventDefault();
    void lockNow(form);
  } else if (form.dataset["unlock"] !== undefined && dialog?.contains(form)) {
    event.preventDefault();
    void unlock(form);
  }
}

function look(): void {
  if (dialog && !dialog.querySelector("#locked")) ask();
  const form = lockForm();
  const after = Number(form?.dataset["lock"] ?? 0) * 1000;
  if (!form || dialog || after === 0) return;
  if (Date.now() - lastWorked() > after) void lockNow(form);
}

export function startLock(): void {
  /* Who takes over scans the badge next, with gloves on: no touch in between. */
  document.addEventListener(
    "toggle",
    (event) => {
      const opened = event.target;
      if (opened instanceof HTMLDetailsElement && opened.open)
        opened.querySelector<HTMLInputElement>('input[data-scan="badge"]')?.focus();
    },
    true,
  );
  if (!lockForm()) return;
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, works, true);
  document.addEventListener("submit", submitted);
  document.addEventListener("vein:locked", cover);
  window.setInterval(look, LOOK_MS);
}
