/* Times are kept with their zone: a text field asks for one, which nobody types gladly. Here each
 * <input data-time> gets the browser's own picker beside it and a button for now, by the server's
 * clock; what is sent stays the text field, in RFC 3339. Without script the text field serves.
 *
 * In the night in which the clock is put forward an hour does not exist: a time in it is not taken.
 * In that in which it is put back an hour comes twice: the person says which one is meant; until
 * then nothing is sent. */

const page = document.documentElement.dataset;
const offset = Number(page["clock"]) - Date.now();

function two(n: number): string {
  return String(Math.abs(n)).padStart(2, "0");
}

/* As the picker has it: local time without zone. */
function local(time: Date): string {
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date}T${two(time.getHours())}:${two(time.getMinutes())}`;
}

/* Minutes east of UTC that this device's zone has at that time on the wall: one; none where the
 * clock is put forward over it; two, the first before the change, where it is put back. */
function offsets(picked: string): number[] {
  const wall = Date.parse(`${picked.slice(0, 16)}Z`);
  if (Number.isNaN(wall)) return [];
  const day = 86_400_000;
  const tried = [wall - day, wall + day].map((at) => -new Date(at).getTimezoneOffset());
  return [...new Set(tried)].filter((m) => local(new Date(wall - m * 60_000)) === picked.slice(0, 16));
}

function zone(minutes: number): string {
  return `${minutes < 0 ? "-" : "+"}${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}`;
}

function zoned(picked: string, minutes: number): string {
  return `${picked.slice(0, 16)}:00${zone(minutes)}`;
}

function upgrade(field: HTMLInputElement): void {
  const picker = document.createElement("input");
  const now = document.createElement("button");
  const which = document.createElement("select");
  const line = document.createElement("span");
  const entered = new Date(field.value);
  picker.type = "datetime-local";
  picker.className = "entry";
  picker.required = field.required;
  picker.id = field.id;
  for (const name of ["aria-describedby", "aria-invalid", "aria-labelledby"]) {
    const value = field.getAttribute(name);
    if (value !== null) picker.setAttribute(name, value);
  }
  if (field.value !== "" && Number.isNaN(entered.getTime())) return; /* left to be corrected */
  now.type = "button";
  now.textContent = page["now"] ?? "";
  line.className = "quantity";
  field.removeAttribute("id");
  field.required = false;
  field.type = "hidden";
  which.className = "entry";
  which.hidden = true;
  which.setAttribute("aria-label", page["twice"] ?? "");

  /* What is picked, with its zone; `known` where the instant says which of two hours it is. */
  const take = (known?: number): void => {
    const all = picker.value === "" ? [] : offsets(picker.value);
    const gap = picker.value !== "" && all.length === 0;
    const twice = all.length > 1;
    picker.setCustomValidity(gap ? (page["gap"] ?? "") : "");
    if (gap) picker.reportValidity();
    which.hidden = !twice;
    which.required = twice;
    which.replaceChildren();
    if (twice) {
      which.append(new Option(page["twice"] ?? "", ""));
      for (const minutes of all) which.append(new Option(zone(minutes), String(minutes)));
      which.value = known === undefined ? "" : String(known);
    }
    const one = twice ? known : all[0];
    field.value = one === undefined ? "" : zoned(picker.value, one);
  };
  const at = (time: Date): void => {
    picker.value = local(time);
    take(-time.getTimezoneOffset());
  };
  if (field.value !== "") {
    const as = field.value; /* stays as it was entered, unless it is changed */
    at(entered);
    field.value = as;
  }
  picker.addEventListener("input", () => take());
  which.addEventListener("change", () => {
    field.value = which.value === "" ? "" : zoned(picker.value, Number(which.value));
  });
  now.addEventListener("click", () => at(new Date(Date.now() + offset)));
  field.before(line);
  line.append(picker, ...(field.dataset["time"] === "later" ? [] : [now]), field);
  line.after(which);
  line.parentElement?.querySelector(".time-help")?.remove();
}

export function startTimes(): void {
  document.querySelectorAll<HTMLInputElement>("input[data-time]").forEach(upgrade);
}
