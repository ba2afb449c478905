/* What of a list moved glides to its new place, and what changed is marked for a while: rows that keep
 * their id from one swap to the next (live.ts). Countdowns tick by themselves and are no change. Who
 * wants no motion gets the mark alone. */

const GLIDE_MS = 300;
const MARK_MS = 4_000;

interface Row {
  top: number;
  says: string;
}
const marked = new Map<string, number>(); /* until when, of performance.now() */

function rows(list: HTMLElement): HTMLElement[] {
  return [...list.querySelectorAll<HTMLElement>(".rows > li[id]")];
}

function says(row: HTMLElement): string {
  const copy = row.cloneNode(true) as HTMLElement;
  for (const ticking of copy.querySelectorAll("[data-left]")) ticking.remove();
  return copy.textContent;
}

export function rowsBefore(list: HTMLElement): Map<string, Row> {
  return new Map(
    rows(list).map((row) => [row.id, { top: row.getBoundingClientRect().top, says: says(row) }]),
  );
}

function move(row: HTMLElement, from: number): void {
  const { top, height } = row.getBoundingClientRect();
  const seen = (at: number) => at + height > 0 && at < window.innerHeight;
  if (Math.abs(from - top) < 1 || (!seen(from) && !seen(top))) return;
  row.animate([{ transform: `translateY(${from - top}px)` }, { transform: "none" }], {
    duration: GLIDE_MS,
    easing: "ease-out",
  });
}

export function glide(list: HTMLElement, before: Map<string, Row>): void {
  const now = performance.now();
  const fresh = rows(list);
  if (!fresh.some((row) => before.has(row.id))) return; /* another page of the list */
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (const row of fresh) {
    const was = before.get(row.id);
    if (was?.says !== says(row)) marked.set(row.id, now + MARK_MS);
    if (was && !still) move(row, was.top);
  }
  for (const [id, until] of marked) {
    const row = document.getElementById(id);
    if (until <= now || !row) {
      marked.delete(id);
      continue;
    }
    row.classList.add("changed");
    window.setTimeout(() => row.classList.remove("changed"), until - now);
  }
}
