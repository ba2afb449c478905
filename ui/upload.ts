/* Files are sent at once, in pieces, while the rest of the form is filled in: with how far it is, a way
 * to cancel, and, when the connection is lost, from where it stopped as soon as there is one. Then the
 * field holds the file's hash, and the form itself sends no file. Without script the form sends it.
 *
 * The upload goes to the thing that data-upload and data-belongs name (POST /uploads, then PATCH). */

const PIECE = 1 << 20; /* bytes of one request, as the server takes them */
const WAITS_MS = [1_000, 2_000, 4_000, 8_000, 15_000];
const BEGINNINGS_MAX = 3; /* an upload expires after days: oftener, something else is wrong */
const SAID_PARTS = 4; /* how often a screen reader is told how far it is */

/* What may work later … */
class Later extends Error {
  constructor(readonly why: Halt) {
    super();
  }
}
/* … and what will not: the server's reason, in words. */
class Refused extends Error {}

interface About {
  file: string;
  name: string;
  hash: string;
}

/* … since there is no connection, or a server that is busy or restarts. */
type Halt = "lost" | "busy";

let sending = 0;

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      signal.removeEventListener("abort", stop);
      resolve();
    };
    const stop = (): void => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      reject(new DOMException("", "AbortError"));
    };
    const timer = window.setTimeout(done, ms);
    window.addEventListener("online", done);
    signal.addEventListener("abort", stop);
  });
}

async function reason(answer: Response): Promise<string> {
  try {
    const said = (await answer.json()) as { detail?: string; hint?: string };
    const words = [said.detail, said.hint].filter((word) => word).join(": ");
    return words === "" ? answer.statusText : words.charAt(0).toUpperCase() + words.slice(1);
  } catch {
    return answer.statusText;
  }
}

class Upload {
  private readonly abort = new AbortController();
  private path = "";
  private offset = 0;
  private beginnings = 0;
  private said = ""; /* why the server last did not know the file */

  constructor(
    private readonly field: HTMLElement,
    private readonly file: File,
    private readonly told: (part: number, halt?: Halt) => void,
  ) {}

  private async ask(path: string, method: string, more: RequestInit = {}): Promise<Response> {
    const form = this.field.closest("form");
    const token = form?.querySelector<HTMLInputElement>("input[name=_csrf]")?.value ?? "";
    const headers = { "X-CSRF-Token": token, Accept: "application/json", ...more.headers };
    let answer: Response;
    try {
      answer = await fetch(path, { ...more, method, headers, signal: this.abort.signal });
    } catch (error) {
      if (this.abort.signal.aborted) throw error;
      throw new Later("lost");
    }
    if (answer.status >= 500 || answer.status === 429) throw new Later("busy");
    return answer;
  }

  private async begin(): Promise<void> {
    if (++this.beginnings > BEGINNINGS_MAX) throw new Refused(this.said);
    const body = JSON.stringify({
      kind: this.field.dataset["upload"],
      belongs: this.field.dataset["belongs"],
      name: this.file.name,
      size: this.file.size,
    });
    const answer = await this.ask("/uploads", "POST", {
      body,
      headers: { "Content-Type": "application/json" },
    });
    if (!answer.ok) throw new Refused(await reason(answer));
    this.path = answer.headers.get("Location") ?? "";
    this.offset = 0;
  }

  /* Where it ends for the server: the answer to the last piece may have been lost. */
  private async find(): Promise<void> {
    const answer = await this.ask(this.path, "HEAD");
    if (answer.ok) {
      this.offset = Number(answer.headers.get("Upload-Offset"));
      return;
    }
    if (await this.about()) this.offset = this.file.size;
    else this.path = ""; /* expired: from the beginning */
  }

  private async about(): Promise<About | null> {
    const answer = await this.ask(this.path.replace("/uploads/", "/files/") + "/about", "GET");
    if (answer.ok) return (await answer.json()) as About;
    this.said = await reason(answer);
    return null;
  }

  private async piece(): Promise<void> {
    const answer = await this.ask(this.path, "PATCH", {
      body: this.file.slice(this.offset, this.offset + PIECE),
      headers: {
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": String(this.offset),
      },
    });
    if (answer.status === 409 || answer.status === 404) return this.find();
    if (!answer.ok) throw new Refused(await reason(answer));
    this.offset = Math.min(this.offset + PIECE, this.file.size);
  }

  private async pieces(): Promise<About> {
    for (;;) {
      if (this.path === "") await this.begin();
      while (this.path !== "" && this.offset < this.file.size) {
        this.told(this.offset / this.file.size);
        await this.piece();
      }
      if (this.path === "") continue;
      const about = await this.about();
      if (about) return about;
      await this.piece(); /* all bytes are there, the file is not: say so once more */
    }
  }

  async run(): Promise<About> {
    for (let tries = 0; ; tries++) {
      const before = this.offset;
      try {
        if (tries > 0 && this.path !== "") await this.find();
        return await this.pieces();
      } catch (error) {
        if (!(error instanceof Later)) throw error;
        if (this.offset > before) tries = 0;
        this.told(this.offset / this.file.size, error.why);
        await sleep(WAITS_MS[Math.min(tries, WAITS_MS.length - 1)] ?? 0, this.abort.signal);
      }
    }
  }

  cancel(): void {
    this.abort.abort();
    if (this.path === "") return;
    const form = this.field.closest("form");
    const token = form?.querySelector<HTMLInputElement>("input[name=_csrf]")?.value ?? "";
    void fetch(this.path, { method: "DELETE", headers: { "X-CSRF-Token": token } }).catch(
      () => undefined,
    );
  }
}

/* --- on the page --- */

function made<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  text = "",
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

function button(text: string, act: () => void): HTMLButtonElement {
  const element = made("button", "", text);
  element.type = "button";
  element.addEventListener("click", act);
  return element;
}

/* The file that the field holds now, with a mark to lift where it is not meant after all. */
function keep(field: HTMLElement, about: About): void {
  const line = made("p", "file-kept");
  const label = made("label", "choice");
  const mark = document.createElement("input");
  const name = document.createElement("bdi");
  const open = made("a", "button plain", field.dataset["open"] ?? "");
  mark.type = "checkbox";
  mark.name = field.dataset["field"] ?? "";
  mark.value = about.hash;
  mark.checked = true;
  name.textContent = about.name;
  open.href = `/files/${about.file}`;
  label.append(mark, name);
  line.append(label, open);
  field.querySelectorAll(".file-kept").forEach((old) => old.remove());
  field.prepend(line);
  mark.dispatchEvent(new Event("input", { bubbles: true }));
}

/* What a screen reader says: not each percent, which the eye follows. */
function aloud(state: HTMLElement, words: string): void {
  const status = state.previousElementSibling;
  if (status && status.textContent !== words) status.textContent = words;
}

function send(field: HTMLElement, state: HTMLElement, file: File): void {
  const words = field.dataset;
  const bar = document.createElement("progress");
  const text = made("p", "file-text");
  const name = document.createElement("strong");
  const said = document.createElement("span");
  const most = Number(words["max"]);
  name.textContent = file.name;
  name.dir = "auto";
  bar.setAttribute("aria-label", file.name);
  text.append(name, " ", said);
  const told = (part: number, halt?: Halt): void => {
    const now = (steps: number): string =>
      `${words["sending"] ?? ""}: ${Math.floor((Math.floor(part * steps) / steps) * 100)} %`;
    bar.value = part;
    said.textContent = halt ? (words[halt] ?? "") : now(100);
    aloud(state, `${file.name} ${halt ? said.textContent : now(SAID_PARTS)}`);
    state.classList.toggle("lost", halt !== undefined);
  };
  const upload = new Upload(field, file, told);
  const over = (): void => {
    sending--;
    field.classList.remove("sending");
    state.classList.remove("lost");
  };
  const failed = (why: string): void => {
    said.textContent = why;
    aloud(state, `${file.name} ${why}`);
    state.replaceChildren(text, button(words["again"] ?? "", () => send(field, state, file)));
    state.classList.add("failed");
  };
  state.classList.remove("failed");
  if (words["max"] && file.size > most) {
    failed(words["large"] ?? "");
    return;
  }
  sending++;
  field.classList.add("sending");
  state.replaceChildren(
    text,
    bar,
    button(words["cancel"] ?? "", () => upload.cancel()),
  );
  told(0);
  upload.run().then(
    (about) => {
      over();
      if (words["field"] === "") {
        location.reload();
        return;
      }
      said.textContent = words["stored"] ?? "";
      aloud(state, `${file.name} ${said.textContent}`);
      state.replaceChildren(text);
      keep(field, about);
    },
    (error: unknown) => {
      over();
      if (error instanceof DOMException && error.name === "AbortError") state.replaceChildren();
      else failed(error instanceof Refused ? error.message : String(error));
    },
  );
}

/* A phone's camera, where the field takes pictures. */
function photo(field: HTMLElement, input: HTMLInputElement, take: (file: File) => void): void {
  const pictures = input.accept === "" || input.accept.includes("image");
  if (!pictures || !matchMedia("(pointer: coarse)").matches) return;
  const camera = document.createElement("input");
  camera.type = "file";
  camera.accept = "image/*";
  camera.setAttribute("capture", "environment");
  camera.hidden = true;
  camera.addEventListener("change", () => {
    const file = camera.files?.[0];
    if (file) take(file);
    camera.value = "";
  });
  field.querySelector(".file-choose")?.append(
    camera,
    button(field.dataset["photo"] ?? "", () => camera.click()),
  );
}

function follow(field: HTMLElement): void {
  const input = field.querySelector<HTMLInputElement>("input[type=file]");
  const form = field.closest("form");
  if (!input || !form) return;
  const state = made("div", "file-state");
  const take = (file: File): void => {
    if (!field.classList.contains("sending")) send(field, state, file);
  };
  const status = made("p", "hidden");
  status.setAttribute("role", "status");
  field.append(status, state);
  field.querySelector(".file-attach")?.remove();
  field
    .querySelector(".file-choose")
    ?.append(made("span", "soft small file-drop", field.dataset["drop"] ?? ""));
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    input.value = "";
    if (file) take(file);
  });
  photo(field, input, take);
  field.addEventListener("dragover", (event) => {
    event.preventDefault();
    field.classList.add("over");
  });
  field.addEventListener("dragleave", () => field.classList.remove("over"));
  field.addEventListener("drop", (event) => {
    event.preventDefault();
    field.classList.remove("over");
    const files = event.dataTransfer?.files;
    const one = field.dataset["one"] ?? "";
    if (files && files.length > 1) {
      state.replaceChildren(made("p", "", one));
      aloud(state, one);
    } else if (files?.[0]) {
      take(files[0]);
    }
  });
  form.addEventListener("submit", (event) => {
    if (!form.querySelector(".file.sending")) return;
    event.preventDefault();
    form.querySelector(".file.sending .file-state button")?.scrollIntoView({ block: "center" });
  });
}

export function startUploads(): void {
  document.querySelectorAll<HTMLElement>(".file[data-upload]").forEach(follow);
  window.addEventListener("beforeunload", (event) => {
    if (sending > 0) event.preventDefault();
  });
}
