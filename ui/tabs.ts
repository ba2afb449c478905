/* What has no room scrolls sideways: the present tab, and the first thing of a drawing, is brought into
 * sight, and nothing else moves. */
function middle(all: HTMLElement, one: Element | null): void {
  if (!one) return;
  const at = one.getBoundingClientRect();
  const box = all.getBoundingClientRect();
  all.scrollLeft += at.left + at.width / 2 - (box.left + box.width / 2);
}

export function startTabs(): void {
  for (const tabs of document.querySelectorAll<HTMLElement>(".tabs"))
    middle(tabs, tabs.querySelector("[aria-current]"));
  for (const drawing of document.querySelectorAll<HTMLElement>(".drawing .scroll"))
    middle(drawing, drawing.querySelector(".node"));
}
