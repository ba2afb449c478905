/* Times are kept with their zone: a text field asks for one, which nobody types gladly. Here each
 * <input data-time> gets the browser's own picker beside it and a button for now, by the server's
 * clock; what is sent stays the text field, in RFC 3339. Without script the text field serves. */

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

/* The same with the zone that this device has at that time. */
function zoned(picked: string): string {
  const time = new Date(picked);
  if (picked === "" || Number.isNaN(time.getTime())) return "";
  const minutes = -time.getTimezoneOffset();
  const zone = `${minutes < 0 ? "-" : "+"}${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}`;
  return `${picked.slice(0, 16)}:00${zone}`;
}

function upgrade(field: HTMLInputElement): void {
  const picker = document.createElement("input");
  const now = document.createElement("button");
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
  if (field.value !== "") picker.value = local(entered);
  now.type = "button";
  now.textContent = page["now"] ?? "";
  line.className = "quantity";
  field.removeAttribute("id");
  field.required = false;
  field.type = "hidden";
  picker.addEventListener("input", () => (field.value = zoned(picker.value)));
  now.addEventListener("click", () => {
    picker.value = local(new Date(Date.now() + offset));
    field.value = zoned(picker.value);
  });
  field.before(line);
  line.append(picker, now, field);
  line.parentElement?.querySelector(".time-help")?.remove();
}

export function startTimes(): void {
  document.querySelectorAll<HTMLInputElement>("input[data-time]").forEach(upgrade);
}
