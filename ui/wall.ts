/* A display on a wall (data-turn: the page that comes next): as many rows as fit, and page after page
 * by itself. */
import { showAt } from "./live";

const TURN_MS = 20_000;

/* How many rows have room below where the list begins. */
function fit(tower: HTMLElement): number {
  const all = tower.querySelectorAll<HTMLElement>(".rows > li");
  const last = all[all.length - 1];
  const top = all[0]?.getBoundingClientRect().top ?? 0;
  if (!last) return 0;
  const height = (last.getBoundingClientRect().bottom - top) / all.length;
  const margin = Number.parseFloat(getComputedStyle(tower.parentElement ?? tower).paddingBottom);
  const below = tower.getBoundingClientRect().bottom - last.getBoundingClientRect().bottom + margin;
  return Math.max(1, Math.floor((window.innerHeight - top - window.scrollY - below) / height));
}

function turn(tower: HTMLElement, path: string): void {
  const to = new URL(path, location.href);
  const rows = fit(tower);
  if (rows > 0) to.searchParams.set("rows", String(rows));
  showAt(tower, to.pathname + to.search);
}

export function startWall(): void {
  const tower = () => document.querySelector<HTMLElement>("[data-turn]");
  const first = tower();
  if (!first) return;
  if (fit(first) < first.querySelectorAll(".rows > li").length)
    turn(first, first.dataset["from"] ?? location.href);
  window.setInterval(() => {
    const now = tower();
    if (now) turn(now, now.dataset["turn"] ?? location.href);
  }, TURN_MS);
}
