/* Countdowns tick: <time data-left="seconds left when it was made">. Words come with the page, from
 * the catalogue: data-days, data-hours, data-minutes, data-seconds, data-over on <html>. A countdown
 * that runs out, or into its last hour or ten minutes, says so in its class as well. */

interface Running {
  element: HTMLElement;
  until: number; /* of performance.now() */
}
let running: Running[] = [];

function words(key: string, params: Record<string, string>): string {
  const text = document.documentElement.dataset[key] ?? "";
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => params[name] ?? whole);
}

function duration(seconds: number): string {
  const s = Math.floor(Math.abs(seconds));
  const two = (key: string, first: number, second: number) =>
    words(key, { sign: "", first: String(first), second: String(second) });
  if (s >= 86400) return two("days", Math.floor(s / 86400), Math.floor(s / 3600) % 24);
  if (s >= 3600) return two("hours", Math.floor(s / 3600), Math.floor(s / 60) % 60);
  if (s >= 600) return two("minutes", Math.floor(s / 60), 0);
  if (s >= 60) return two("minutes_seconds", Math.floor(s / 60), s % 60);
  return two("seconds", s, 0);
}

function show(one: Running): void {
  const left = (one.until - performance.now()) / 1000;
  const text = left < 0 ? words("over", { time: duration(left) }) : duration(left);
  if (one.element.textContent !== text) one.element.textContent = text;
  one.element.classList.toggle("over", left < 0);
  one.element.classList.toggle("soon", left >= 0 && left < 3600);
}

function collect(root: ParentNode): void {
  running = running.filter((one) => one.element.isConnected && !root.contains(one.element));
  for (const element of root.querySelectorAll<HTMLElement>("[data-left]")) {
    const left = Number(element.dataset["left"]);
    if (Number.isFinite(left)) running.push({ element, until: performance.now() + left * 1000 });
  }
}

export function startCountdowns(): void {
  collect(document);
  document.addEventListener("vein:fresh", (event) =>
    collect((event as CustomEvent<HTMLElement>).detail),
  );
  running.forEach(show);
  window.setInterval(() => running.forEach(show), 1000);
}
