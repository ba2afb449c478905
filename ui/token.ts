/* Passkeys and security keys: a form with data-token asks the browser for one, puts its answer into
 * the form's fields and sends it; so does a button with data-token="sign", of a form that may be sent
 * without, too. The server checks all of it; a form that only a token can fill is
 * hidden until a script knows that there may be one. */

function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0));
}

function toText(bytes: ArrayBuffer): string {
  const plain = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function fill(form: HTMLFormElement, name: string, value: string): void {
  const field = form.elements.namedItem(name);
  if (field instanceof HTMLInputElement) field.value = value;
}

async function create(form: HTMLFormElement): Promise<void> {
  const { challenge = "", party = "", user = "", login = "", person = "" } = form.dataset;
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: toBytes(challenge),
      rp: { id: party, name: "vein" },
      user: { id: toBytes(user), name: login, displayName: person },
      pubKeyCredParams: [
        { type: "public-key", alg: -7 },
        { type: "public-key", alg: -8 },
        { type: "public-key", alg: -257 },
      ],
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      attestation: "none",
    },
  });
  if (!(made instanceof PublicKeyCredential)) throw new Error("no credential");
  const answer = made.response as AuthenticatorAttestationResponse;
  fill(form, "client", toText(answer.clientDataJSON));
  fill(form, "data", toText(answer.getAuthenticatorData()));
}

async function assertion(challenge: string, party: string): Promise<string> {
  const shown = await navigator.credentials.get({
    publicKey: { challenge: toBytes(challenge), rpId: party, userVerification: "required" },
  });
  if (!(shown instanceof PublicKeyCredential)) throw new Error("no credential");
  const answer = shown.response as AuthenticatorAssertionResponse;
  return JSON.stringify({
    id: toText(shown.rawId),
    client: toText(answer.clientDataJSON),
    data: toText(answer.authenticatorData),
    signature: toText(answer.signature),
  });
}

async function get(form: HTMLFormElement): Promise<void> {
  const { challenge = "", party = "" } = form.dataset;
  fill(form, "assertion", await assertion(challenge, party));
}

function value(form: HTMLFormElement, name: string): string {
  const field = form.elements.namedItem(name);
  return field instanceof HTMLInputElement ? field.value : "";
}

/* A signature's challenge holds the time, which the server says only now. */
async function sign(form: HTMLFormElement): Promise<void> {
  const names = ["_csrf", "_id", "_shown"];
  const answer = await fetch("/sign-token", {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(names.map((name) => [name, value(form, name)])),
  });
  if (!answer.ok) throw new Error("not asked");
  const asked = (await answer.json()) as Record<"time" | "mark" | "challenge" | "party", string>;
  fill(form, "_assertion", await assertion(asked.challenge, asked.party));
  fill(form, "_time", asked.time);
  fill(form, "_mark", asked.mark);
}

function problem(form: HTMLFormElement, hidden: boolean): void {
  const text = form.querySelector<HTMLElement>(".field-problem");
  if (text) text.hidden = hidden;
}

/* The form is sent again once it is filled; until then nothing is under way. */
async function ask(form: HTMLFormElement, by: HTMLElement | null): Promise<void> {
  problem(form, true);
  try {
    if (by?.dataset["token"] === "sign") await sign(form);
    else await (form.dataset["token"] === "create" ? create(form) : get(form));
    form.dataset["filled"] = "";
    form.requestSubmit(by);
  } catch {
    problem(form, false);
  }
}

function submitted(event: SubmitEvent): void {
  const form = event.target;
  const by = event.submitter;
  if (!(form instanceof HTMLFormElement)) return;
  if (form.dataset["token"] === undefined && by?.dataset["token"] === undefined) return;
  if (form.dataset["filled"] !== undefined) {
    delete form.dataset["filled"];
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  void ask(form, by);
}

export function showTokens(within: ParentNode): void {
  if (!("PublicKeyCredential" in window)) return;
  for (const shown of within.querySelectorAll<HTMLElement>(".token[hidden]")) shown.hidden = false;
}

export function startTokens(): void {
  document.addEventListener("submit", submitted, true);
  showTokens(document);
}
