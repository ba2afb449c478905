/* Passkeys and security keys: a form with data-token asks the browser for one, puts its answer into
 * the form's fields and sends it. The server checks all of it; a form that only a token can fill is
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

async function get(form: HTMLFormElement): Promise<void> {
  const { challenge = "", party = "" } = form.dataset;
  const shown = await navigator.credentials.get({
    publicKey: { challenge: toBytes(challenge), rpId: party, userVerification: "required" },
  });
  if (!(shown instanceof PublicKeyCredential)) throw new Error("no credential");
  const answer = shown.response as AuthenticatorAssertionResponse;
  const assertion = {
    id: toText(shown.rawId),
    client: toText(answer.clientDataJSON),
    data: toText(answer.authenticatorData),
    signature: toText(answer.signature),
  };
  fill(form, "assertion", JSON.stringify(assertion));
}

function problem(form: HTMLFormElement, hidden: boolean): void {
  const text = form.querySelector<HTMLElement>(".field-problem");
  if (text) text.hidden = hidden;
}

/* The form is sent again once it is filled; until then nothing is under way. */
async function ask(form: HTMLFormElement): Promise<void> {
  problem(form, true);
  try {
    await (form.dataset["token"] === "create" ? create(form) : get(form));
    form.dataset["filled"] = "";
    form.requestSubmit();
  } catch {
    problem(form, false);
  }
}

function submitted(event: SubmitEvent): void {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.dataset["token"] === undefined) return;
  if (form.dataset["filled"] !== undefined) {
    delete form.dataset["filled"];
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  void ask(form);
}

export function showTokens(within: ParentNode): void {
  if (!("PublicKeyCredential" in window)) return;
  for (const form of within.querySelectorAll<HTMLFormElement>("form.token[hidden]"))
    form.hidden = false;
}

export function startTokens(): void {
  document.addEventListener("submit", submitted, true);
  showTokens(document);
}
