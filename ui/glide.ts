/* What a list looks like when it changes: rows that moved glide to their place, those that say
 * something else are marked for a while. A row is known by its id; countdowns tick by themselves and
 * are no change. Who wants no motion gets the mark alone. */

const GLIDE_MS = 300;
const MARK_MS = 4_000;

const marked = new Map<string, number>(); /* until when, of performance.now() */

function rowsOf(element: Element): HTMLElement[] {
  return [...element.querySelectorAll<HTMLElement>(".rows > li[id]")];
}

function says(row: Element): string {
  let text = row.textContent ?? "";
  for (const left of row.querySelectorAll("time[data-left]"))
    text = text.replace(left.textContent ?? "", "");
  return text;
}

function top(row: Element): number {
  return row.getBoundingClientRect().top;
}

function mark(element: Element): void {
  const now = performance.now();
  for (const [id, until] of marked) {
    const row = document.getElementById(id);
    if (until <= now || !row || !element.contains(row)) {
      marked.delete(id);
      continue;
    }
    row.classList.add("changed");
    window.setTimeout(() => row.classList.remove("changed"), until - now);
  }
}

/* It stands where it stood in the frame in which it gets its new place, so that nothing jumps (and no
 * shift of the layout is counted), and goes there from the next frame on. */
function move(row: HTMLElement, from: number, to: number, height: number): void {
  const seen = (at: number) => at + height > 0 && at < window.innerHeight;
  const moved = Math.abs(from - to) >= height / 2; /* not what others' heights make of it */
  if (!moved || (!seen(from) && !seen(to))) return;
  const there = { transform: `translateY(${from - to}px)` };
  row.style.transform = there.transform;
  const begin = () => {
    row.style.transform = "";
    row.animate([there, { transform: "none" }], { duration: GLIDE_MS, easing: "ease-out" });
  };
  window.requestAnimationFrame(() => window.requestAnimationFrame(begin));
}

export function glide(element: HTMLElement, change: () => void): void {
  const before = new Map(
    rowsOf(element).map((row) => [row.id, { top: top(row), says: says(row) }]),
  );
  change();
  const rows = rowsOf(element);
  for (const row of rows) row.style.transform = ""; /* of a move that has not begun */
  const until = performance.now() + MARK_MS;
  if (rows.some((row) => before.has(row.id))) /* else it is another page of the list */
    for (const row of rows)
      if (before.get(row.id)?.says !== says(row)) marked.set(row.id, until);
  mark(element);
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const after = rows.map((row) => ({
    row,
    from: before.get(row.id)?.top,
    to: top(row),
    height: row.offsetHeight,
  })); /* all is read before anything is written: else each row is laid out by itself */
  for (const { row, from, to, height } of after)
    if (from !== undefined) move(row, from, to, height);
}
