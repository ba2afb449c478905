/* Rules of a form: what an earlier answer does not ask for is out of sight, at once. Without script
 * it stays in sight and says when it is asked for; the server decides either way what is kept.
 *
 * data-shown-when="<name> <condition> <value> [<value>]"; empty: always. */

/* What is entered under a name; "" when nothing is, or when it is computed and not known here. */
function entered(form: HTMLFormElement, name: string): string {
  const value = new FormData(form).get(name);
  return typeof value === "string" ? value.trim() : "";
}

/* A number as the server will read it (kernel/number.h); null: it will not, or it has a unit, which is
 * the server's to convert. */
function number(text: string, form: HTMLFormElement | null): number | null {
  const comma = form?.querySelector('[name="_comma"]') != null;
  if (comma && /^-?[1-9]\d{0,2}(\.\d{3})+(?!\d)/.test(text)) return null; /* may part thousands */
  const plain = comma && !text.includes(".") ? text.replace(",", ".") : text;
  return /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(plain) ? Number(plain) : null;
}

function holds(form: HTMLFormElement, rule: string): boolean {
  const [name = "", condition = "", ...rest] = rule.split(" ");
  const asked = form.querySelector(`[name="${name}"]`);
  if (asked === null) return true; /* computed: left in sight */
  if (asked.closest("[hidden]") !== null) return false; /* not asked for itself */
  const value = entered(form, name);
  const wanted = rest.join(" ").trim();
  if (value === "") return false;
  if (condition === "is") return value === wanted;
  if (condition === "is_not") return value !== wanted;
  if (condition === "given") return true;
  const n = number(value, form);
  if (n === null) return true;
  if (condition === "at_least") return n >= Number(wanted);
  if (condition === "at_most") return n <= Number(wanted);
  return n >= Number(rest[0]) && n <= Number(rest[1]);
}

function follow(form: HTMLFormElement): void {
  const ruled = form.querySelectorAll<HTMLElement>("[data-shown-when]:not([data-shown-when=''])");
  if (ruled.length === 0) return;
  const update = (): void => {
    for (const element of ruled) {
      const shown = holds(form, element.dataset["shownWhen"] ?? "");
      if (element instanceof HTMLTableCellElement) {
        for (const child of element.children) (child as HTMLElement).hidden = !shown;
      } else element.hidden = !shown;
    }
  };
  form.addEventListener("input", update);
  form.addEventListener("change", update);
  update();
}

/* A number beyond its limits is told where they stand, while it is typed. One with a unit of its own
 * is the server's to convert. */
function limits(said: HTMLElement): void {
  const field = document.getElementById(said.dataset["of"] ?? "");
  if (!(field instanceof HTMLInputElement)) return;
  const { least = "", most = "" } = said.dataset;
  const judge = (): void => {
    const n = number(field.value.trim(), field.form);
    const beyond = n !== null && ((least !== "" && n < Number(least)) || (most !== "" && n > Number(most)));
    said.classList.toggle("broken", beyond);
  };
  field.addEventListener("input", judge);
  judge();
}

export function startForms(): void {
  document.querySelectorAll<HTMLElement>("[data-of]").forEach(limits);
  document.querySelectorAll("form").forEach(follow);
}
