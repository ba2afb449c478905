/* The connection. Lost, the page says so at once, and large; what is typed stays; and nothing is sent,
 * because the browser would put a page of its own in the place of this one. Whoever presses all the
 * same is told so at the button, unless the server answers after all. A form keeps its command id:
 * sent again, it does nothing twice. Without script the browser says what it says. */

const ASK_MS = 4_000;
const AGAIN_MS = 3_000;

let lost = false;
let asking: number | undefined; /* the timer of the next look */
let reached: HTMLFormElement | undefined; /* may go: the server has just answered */

function say(now: boolean): void {
  lost = now;
  document.documentElement.classList.toggle("offline", lost);
  if (lost) return;
  for (const told of document.querySelectorAll(".unsent")) told.remove();
}

async function answers(): Promise<boolean> {
  try {
    const answer = await fetch("/health", { cache: "no-store", signal: AbortSignal.timeout(ASK_MS) });
    return answer.ok;
  } catch {
    return false;
  }
}

/* Asks until the server answers. */
async function look(): Promise<void> {
  say(!navigator.onLine || !(await answers()));
  if (lost) later();
}

function later(): void {
  window.clearTimeout(asking);
  asking = window.setTimeout(() => void look(), AGAIN_MS);
}

/* The stream of news closes for a moment whenever it is to bring other news, and seems open for long
 * after a cable was pulled: it only makes the page ask. */
export function streamIs(open: boolean): void {
  if (lost) return; /* it asks already */
  window.clearTimeout(asking);
  if (!open) later();
}

function tell(form: HTMLFormElement, by: HTMLElement | null): void {
  const text = document.getElementById("offline")?.dataset["unsent"];
  form.querySelector(".unsent")?.remove();
  if (!text) return;
  const told = document.createElement("p");
  told.className = "verdict no unsent";
  told.setAttribute("role", "alert");
  told.textContent = text;
  const actions = by?.closest(".actions");
  if (actions) actions.before(told);
  else form.append(told);
}

function submitted(event: SubmitEvent): void {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.getAttribute("method") !== "post" || !lost) return;
  if (form.dataset["lock"] !== undefined || form.closest("dialog")) return; /* the lock says it itself */
  if (reached === form) {
    reached = undefined;
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  const by = event.submitter;
  void answers().then((yes) => {
    if (!yes) return tell(form, by);
    reached = form;
    form.requestSubmit(by);
  });
}

export function startConnection(): void {
  document.addEventListener("submit", submitted, true);
  document.addEventListener("htmx:sendError", () => streamIs(false)); /* a list asked in vain */
  window.addEventListener("online", () => void look());
  window.addEventListener("offline", () => void look());
  if (!navigator.onLine) void look();
}
