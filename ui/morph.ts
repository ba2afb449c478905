/* Makes of an element what a fresh one is, and touches only what differs: what stays is not drawn anew,
 * keeps the focus, and what was opened there; a row with an id that moved is the same row. The changing
 * itself is idiomorph's. */
import { Idiomorph } from "idiomorph";

/* Someone chose or typed what is not what the page came with. */
function entered(control: Element): boolean {
  if (control instanceof HTMLInputElement)
    return control.value !== control.defaultValue || control.checked !== control.defaultChecked;
  if (control instanceof HTMLTextAreaElement) return control.value !== control.defaultValue;
  return control instanceof HTMLOptionElement && control.selected !== control.defaultSelected;
}

const ENTERED = ["value", "checked", "selected"];

/* `entries` "keep": of an element that comes anew by itself, what was entered stays; "drop": the person
 * asked for another one, which says what is entered. */
export function morph(now: Element, fresh: Element, entries: "keep" | "drop"): void {
  Idiomorph.morph(now, fresh, {
    callbacks: {
      beforeNodeMorphed: (old: Node, wanted: Node) => entries === "drop" || !old.isEqualNode(wanted),
      beforeAttributeUpdated: (name: string, element: Element) => {
        if (name === "open") return element.tagName !== "DETAILS";
        return entries === "drop" || !ENTERED.includes(name) || !entered(element);
      },
    },
  });
}
