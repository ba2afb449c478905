/* Tabs that have no room scroll sideways: the present one is brought into sight, and nothing else moves. */
export function startTabs(): void {
  for (const tabs of document.querySelectorAll<HTMLElement>(".tabs")) {
    const now = tabs.querySelector<HTMLElement>("[aria-current]");
    if (!now) continue;
    const at = now.getBoundingClientRect();
    const all = tabs.getBoundingClientRect();
    tabs.scrollLeft += at.left + at.width / 2 - (all.left + all.width / 2);
  }
}
