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
  for (let i = ends[ends.length - 1]; i !== undefined; i = before[i]) out.add(places[i]!);
  return out;
}

function patchChildren(now: Element, fresh: Element): void {
  const known = new Map<string, Element>();
  const place = new Map<ChildNode, number>();
  for (const child of now.children) {
    if (key(child)) known.set(key(child), child);
    place.set(child, place.size);
  }
  const all = [...fresh.childNodes];
  const likes = all.map((wanted) => {
    const like = known.get(key(wanted));
    if (!key(wanted) || like?.nodeName !== wanted.nodeName) return undefined;
    known.delete(key(wanted)); /* the next that is called so is another one */
    return like;
  });
  const found = likes.filter((like) => like !== undefined);
  const stay = staying(found.map((like) => place.get(like)!));
  const waiting = new Set<ChildNode>(found);
  let at: ChildNode | null = now.firstChild;
  all.forEach((wanted, i) => {
    const here: ChildNode | undefined = at && !key(at) && !key(wanted) ? at : undefined;
    const like = likes[i] ?? here;
    if (like?.nodeName !== wanted.nodeName) {
      now.insertBefore(wanted, at);
      return;
    }
    waiting.delete(like);
    if (like !== here && !stay.has(place.get(like)!)) now.insertBefore(like, at);
    else {
      while (at && at !== like) {
        const next: ChildNode | null = at.nextSibling;
        if (!waiting.has(at)) at.remove(); /* else its turn comes yet */
        at = next;
      }
      at = like.nextSibling;
    }
    patchNode(like, wanted);
  });
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
