/* Makes of an element what a fresh one is, and touches only what differs: what stays is not drawn anew,
 * keeps the focus, and what was opened or typed there. Children are told by their id, rows by their
 * first link where they have none, so that a row that moved is the same row. */

function key(node: Node): string {
  if (!(node instanceof Element)) return "";
  const link = node.matches("li, tbody > tr") ? node.querySelector("a[href]") : null;
  return node.id || (link?.getAttribute("href") ?? "");
}

function patchAttributes(now: Element, fresh: Element): void {
  const opened = (name: string): boolean => name === "open" && now.tagName === "DETAILS";
  for (const { name } of [...now.attributes])
    if (!fresh.hasAttribute(name) && !opened(name)) now.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (now.getAttribute(name) !== value && !opened(name)) now.setAttribute(name, value);
}

function patchChildren(now: Element, fresh: Element): void {
  const kept = new Map<string, Element>();
  for (const child of now.children) if (key(child)) kept.set(key(child), child);
  let at: ChildNode | null = now.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const called = key(wanted);
    const like: ChildNode | null = called ? (kept.get(called) ?? null) : at && !key(at) ? at : null;
    if (like === null || like.nodeName !== wanted.nodeName) {
      now.insertBefore(wanted, at);
      continue;
    }
    kept.delete(called);
    if (like === at) at = at.nextSibling;
    else now.insertBefore(like, at);
    patchNode(like, wanted);
  }
  while (at) {
    const next: ChildNode | null = at.nextSibling;
    at.remove();
    at = next;
  }
}

function patchNode(now: Node, fresh: Node): void {
  if (now.isEqualNode(fresh)) return;
  if (now instanceof Element && fresh instanceof Element) {
    patchAttributes(now, fresh);
    patchChildren(now, fresh);
  } else now.nodeValue = fresh.nodeValue;
}

export function patch(now: HTMLElement, fresh: HTMLElement): void {
  const had = document.activeElement;
  patchNode(now, fresh);
  if (had instanceof HTMLElement && had.isConnected && document.activeElement !== had)
    had.focus({ preventScroll: true }); /* it was moved */
}
