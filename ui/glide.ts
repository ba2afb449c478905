/* A list of rows that live.ts fetched anew: rows that say the same stay as they are, so that the
 * browser lays out and paints little, those that moved glide to their place, those that say something
 * else are marked for a while. A row is known by its id; countdowns tick by themselves and are no
 * change. Who wants no motion gets the mark alone. */

const GLIDE_MS = 300;
const MARK_MS = 4_000;

const marked = new Map<string, number>(); /* until when, of performance.now() */

function listOf(element: Element): Element | null {
  return element.querySelector(".rows > li[id]")?.parentElement ?? null;
}

function rowsOf(list: Element): HTMLElement[] {
  return [...list.children] as HTMLElement[];
}

function says(row: Element): string {
  return row.innerHTML.replace(/<time [^>]*data-left[^>]*>[^<]*<\/time>/g, "");
}

/* Of a row that stays: what its countdowns count to, which the server says anew. */
function recount(row: Element, fresh: Element): void {
  const from = fresh.querySelectorAll<HTMLElement>("[data-left]");
  row.querySelectorAll<HTMLElement>("[data-left]").forEach((time, i) => {
    time.dataset["left"] = from[i]?.dataset["left"] ?? "";
  });
}

function renewRows(list: Element, fresh: Element): void {
  const old = new Map(rowsOf(list).map((row) => [row.id, row]));
  const until = performance.now() + MARK_MS;
  const other = !rowsOf(fresh).some((row) => old.has(row.id)); /* another page of the list */
  let at = list.firstElementChild;
  for (const row of rowsOf(fresh)) {
    const was = old.get(row.id);
    const same = was && says(was) === says(row);
    if (same) recount(was, row);
    else if (!other) marked.set(row.id, until);
    const now = same ? was : row;
    if (same) now.className = row.className;
    if (now === at) at = at.nextElementSibling;
    else list.insertBefore(now, at);
    if (was && !same) {
      if (was === at) at = at.nextElementSibling;
      was.remove();
    }
    old.delete(row.id);
  }
  for (const gone of old.values()) gone.remove();
}

/* The way down to the list is kept, and what stands beside it replaced where it differs. */
function renewAround(element: Element, fresh: Element, list: Element, freshList: Element): void {
  if (element === list) return renewRows(list, freshList);
  for (const { name, value } of fresh.attributes) element.setAttribute(name, value);
  const way = [...element.children].find((child) => child.contains(list));
  const freshWay = [...fresh.children].find((child) => child.contains(freshList));
  if (!way || !freshWay) return;
  const beside = [...fresh.children];
  const at = beside.indexOf(freshWay);
  for (const child of [...element.children]) if (child !== way) child.remove();
  way.before(...beside.slice(0, at));
  way.after(...beside.slice(at + 1));
  renewAround(way, freshWay, list, freshList);
}

function mark(list: Element): void {
  const now = performance.now();
  for (const [id, until] of marked) {
    const row = document.getElementById(id);
    if (until <= now || !row || !list.contains(row)) {
      marked.delete(id);
      continue;
    }
    row.classList.add("changed");
    window.setTimeout(() => row.classList.remove("changed"), until - now);
  }
}

function move(row: HTMLElement, from: number, to: number): void {
  const seen = (at: number) => at + row.offsetHeight > 0 && at < window.innerHeight;
  if (Math.abs(from - to) < 1 || (!seen(from) && !seen(to))) return;
  row.animate([{ transform: `translateY(${from - to}px)` }, { transform: "none" }], {
    duration: GLIDE_MS,
    easing: "ease-out",
  });
}

/* Puts what is fresh into the place of the element; the one that then stands there. */
export function renew(element: HTMLElement, fresh: HTMLElement): HTMLElement {
  const list = listOf(element);
  const freshList = listOf(fresh);
  if (!list || !freshList) {
    element.replaceWith(fresh);
    return fresh;
  }
  const top = (row: HTMLElement) => row.getBoundingClientRect().top;
  const before = new Map(rowsOf(list).map((row) => [row.id, top(row)]));
  renewAround(element, fresh, list, freshList);
  mark(list);
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return element;
  const after = rowsOf(list).map((row) => ({ row, from: before.get(row.id), to: top(row) }));
  for (const { row, from, to } of after) if (from !== undefined) move(row, from, to);
  return element;
}
