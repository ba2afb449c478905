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

/* Of places in their new order the most that can stay as they are: a longest increasing sequence. */
function staying(places: number[]): Set<number> {
  const ends: number[] = []; /* index into places of the smallest end of a sequence of each length */
  const before: (number | undefined)[] = [];
  places.forEach((place, i) => {
    let length = ends.findIndex((end) => places[end]! >= place);
    if (length < 0) length = ends.length;
    before[i] = ends[length - 1];
    ends[length] = i;
  });
  const out = new Set<number>();
  for (let i = ends.at(-1); i !== undefined; i = before[i]) out.add(places[i]!);
  return out;
}

function patchChildren(now: Element, fresh: Element): void {
  const kept = new Map<string, Element>();
  const place = new Map<Element, number>();
  for (const child of now.children) {
    if (key(child)) kept.set(key(child), child);
    place.set(child, place.size);
  }
  const known = (node: Node): Element | undefined => {
    const like = key(node) ? kept.get(key(node)) : undefined;
    return like?.nodeName === node.nodeName ? like : undefined;
  };
  const all = [...fresh.childNodes];
  const stay = staying(all.map(known).flatMap((like) => (like ? [place.get(like)!] : [])));
  let at: ChildNode | null = now.firstChild;
  for (const wanted of all) {
    const like: ChildNode | undefined = known(wanted) ?? (at && !key(at) && !key(wanted) ? at : undefined);
    if (like === undefined || like.nodeName !== wanted.nodeName) {
      now.insertBefore(wanted, at);
      continue;
    }
    kept.delete(key(wanted));
    if (like instanceof Element && key(like) && !stay.has(place.get(like)!)) now.insertBefore(like, at);
    else {
      while (at && at !== like) {
        const next: ChildNode | null = at.nextSibling;
        if (!key(at)) at.remove(); /* what has a key has its turn yet, or goes at the end */
        at = next;
      }
      at = like.nextSibling;
    }
    patchNode(like, wanted);
  }
  for (const gone of kept.values()) gone.remove();
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
