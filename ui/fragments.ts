/* Lists answer without a page anew: links and forms within hx-boost="true" (sorting, filters, pages,
 * columns) fetch what stands in the place of their list (hx-target, hx-select), by htmx; it is changed in
 * place, the address follows, the focus stays, and how much is listed is told. Without script they are
 * links and forms. */
import "./htmx_config";
import htmx from "htmx.org";
import { patch } from "./patch";

interface Answered {
  xhr: XMLHttpRequest;
  shouldSwap: boolean;
  isError: boolean;
  target: Element;
  pathInfo: { finalRequestPath: string };
}
interface Swapped {
  target: Element;
  requestConfig: { elt: Element };
}

function within(target: Element, html: string): boolean {
  const page = new DOMParser().parseFromString(html, "text/html");
  return page.getElementById(target.id) !== null;
}

/* Anything but the list is a page of its own: a refusal, the end of a session. */
function answered(event: Event): void {
  const said = (event as CustomEvent<Answered>).detail;
  if (said.xhr.status < 400 && within(said.target, said.xhr.responseText)) return;
  said.shouldSwap = false;
  said.isError = false;
  if (said.xhr.status === 423) document.dispatchEvent(new Event("vein:locked"));
  else location.assign(said.xhr.responseURL || said.pathInfo.finalRequestPath);
}

function swapped(event: Event): void {
  const { target, requestConfig } = (event as CustomEvent<Swapped>).detail;
  const told = document.getElementById("told");
  if (told && target instanceof HTMLElement) told.textContent = target.dataset["told"] ?? "";
  if (!requestConfig.elt.closest(".more") || !(target instanceof HTMLElement)) return;
  target.tabIndex = -1; /* the next page is read from its beginning */
  target.focus({ preventScroll: true });
  target.scrollIntoView();
}

htmx.defineExtension("patch", {
  isInlineSwap: (style: string) => style === "patch",
  handleSwap: (style: string, target: Node, fragment: Node) => {
    const fresh = fragment instanceof DocumentFragment ? fragment.firstElementChild : fragment;
    if (style !== "patch" || !(target instanceof HTMLElement) || !(fresh instanceof HTMLElement))
      return false;
    patch(target, fresh);
    for (const form of target.querySelectorAll("form")) form.reset(); /* chosen is what is listed */
    return [target];
  },
});
document.addEventListener("htmx:beforeSwap", answered);
document.addEventListener("htmx:afterSwap", swapped);
document.addEventListener("vein:fresh", (event) => {
  const part = (event as CustomEvent<HTMLElement>).detail;
  part.querySelectorAll("[hx-boost]").forEach((boosted) => htmx.process(boosted));
});
document.documentElement.dataset["fragments"] = ""; /* from now on */
