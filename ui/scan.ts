/* A scanner that types: characters in quick succession, ended by Enter, are a scan, wherever the
 * focus stands. They go into the page's scan field, never into another field or a button: what they
 * typed elsewhere is taken back. A field with data-scan="submit" sends its form. Where the page has no
 * field of its own they are searched for: data-scan="find", which sends its form too. What a person
 * types is left alone; with the focus in the scan field the browser does all by itself. */

const GAP_MS = 40; /* between two characters of a scanner; fast typists need 80 */
const LENGTH_MIN = 5;

let text = "";
let last = 0;
let at: Element | null = null;
let before: string | undefined; /* what the field at the focus held when the burst began */

function textField(element: Element | null): HTMLInputElement | HTMLTextAreaElement | undefined {
  if (element instanceof HTMLTextAreaElement) return element;
  if (element instanceof HTMLInputElement && /^(text|search|tel|password)$/.test(element.type))
    return element;
  return undefined;
}

function target(): HTMLInputElement | undefined {
  const all = [...document.querySelectorAll<HTMLInputElement>("input[data-scan]")];
  const fields = all.filter((field) => field.dataset["scan"] !== "find");
  if (fields.length === 0) return all[0];
  return (
    fields.find((field) => field.dataset["scan"] === "submit" && field.value === "") ??
    fields.find((field) => field.value === "") ??
    fields[0]
  );
}

function begin(): void {
  text = "";
  at = document.activeElement;
  before = textField(at)?.value;
}

/* What was read, by a scanner or the camera, goes into its field. True: its form went, too, as the field
 * says. */
export function put(field: HTMLInputElement, read: string): boolean {
  field.value = read;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  const sends = field.dataset["scan"] === "submit" || field.dataset["scan"] === "find";
  if (sends) field.form?.requestSubmit();
  return sends;
}

/* Where something covers the page, a scan goes into a field of the cover or nowhere. */
function covered(event: KeyboardEvent): boolean {
  const cover = document.querySelector("dialog:modal");
  if (!cover) return false;
  if (!textField(at) || !cover.contains(at)) {
    event.preventDefault();
    event.stopPropagation();
  }
  return true;
}

function take(event: KeyboardEvent): void {
  if (covered(event)) return;
  const field = target();
  const here = textField(at);
  if (!field || (here && here.dataset["scan"] !== undefined)) return;
  event.preventDefault();
  event.stopPropagation();
  if (here && before !== undefined) here.value = before;
  if (!put(field, text)) field.focus();
}

function key(event: KeyboardEvent): void {
  if (event.altKey || event.metaKey || event.ctrlKey) return;
  const quick = event.timeStamp - last < GAP_MS;
  if (event.key === "Enter") {
    if (quick && text.length >= LENGTH_MIN) take(event);
    text = "";
    return;
  }
  if (event.key.length !== 1) return;
  if (!quick) begin();
  text += event.key;
  last = event.timeStamp;
  /* a button or link at the focus would take a blank for a press */
  if (text.length > 1 && event.key === " " && !textField(at)) event.preventDefault();
}

/* Sent once: a second press, or a scanner's second read, while the first is under way is dropped. */
function once(event: SubmitEvent): void {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || event.defaultPrevented) return;
  if (form.dataset["sent"] !== undefined) {
    event.preventDefault();
    return;
  }
  form.dataset["sent"] = "";
  form.setAttribute("aria-busy", "true");
}

function again(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) {
    delete form.dataset["sent"];
    form.removeAttribute("aria-busy");
  }
}

export function startScan(): void {
  document.addEventListener("keydown", key, true);
  document.addEventListener("submit", once);
  window.addEventListener("pageshow", again);
}
