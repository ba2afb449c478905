/* Worked examples: what was really asked and answered in this run, as docs/api_examples.md keeps it.
 * What differs from run to run (ids, times, numbers, tokens) is written the same each time, so that
 * the page is golden text: VEIN_GOLDEN=1 writes it anew, else it must be what this run gives. */
import { readFileSync, writeFileSync } from "node:fs";
import { assert, check } from "./house.mjs";

const file = "docs/api_examples.md";
const examples = [];

export function example(title, answer) {
  examples.push({ title, answer });
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/* The same id is the same throughout the page. */
export function settle(text, ids) {
  return text
    .replace(uuid, (id) => {
      if (!ids.has(id)) ids.set(id, ids.size + 1);
      return `00000000-0000-7000-8000-${String(ids.get(id)).padStart(12, "0")}`;
    })
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "2026-01-02T03:04:05Z")
    .replace(/\b[0-9a-f]{64}\b/g, "0".repeat(64))
    .replace(/"cursor":"\d+\.\d+"/g, '"cursor":"1.1234"')
    .replace(/\b(\d+\.\d+)&wait=/g, "1.1234&wait=")
    .replace(/"(number|pseudonym|coi)":"[^"]*"/g, (whole, name) => `"${name}":"…"`)
    .replace(/"(A|B)-[0-9a-f]{8}"/g, '"A-0a1b2c3d"');
}

function written({ title, answer }, ids) {
  const { method, url, data, headers } = answer.config;
  const key = headers["Idempotency-Key"];
  const path = new URL(answer.request.path ?? url, "http://x");
  const head = [`${method.toUpperCase()} ${path.pathname}${path.search}`];
  if (key) head.push(`Idempotency-Key: ${key}`);
  if (headers["If-Match"]) head.push(`If-Match: ${headers["If-Match"]}`);
  if (data) head.push("Content-Type: application/json", "", data);
  const type = answer.headers["content-type"];
  const body = JSON.stringify(answer.data);
  return settle(`## ${title}\n\`\`\`\n${head.join("\n")}\n\`\`\`\n\n\`\`\`\n` +
    `${answer.status}\nContent-Type: ${type}\n\n${body}\n\`\`\`\n`, ids);
}

export async function examplesHold() {
  const ids = new Map();
  const head = "# The API by example\n" +
    "Written by `tests/suites/api.sh` from what it asked and was answered, and compared with that at\n" +
    "each run; ids, times and numbers are made the same. Each request carries the session's cookie\n" +
    "and, where it changes something, `X-CSRF-Token`. All there is: `GET /api/openapi.json`.\n\n";
  const page = head + examples.map((e) => written(e, ids)).join("\n");
  await check("the worked examples are what was asked and answered", () => {
    assert(examples.length >= 8, `only ${examples.length} examples`);
    if (process.env.VEIN_GOLDEN === "1") writeFileSync(file, page);
    const kept = readFileSync(file, "utf8").split("\n");
    page.split("\n").forEach((line, i) =>
      assert(line === kept[i], `${file}:${i + 1}\n  now ${line}\n was ${kept[i]}`));
    assert(kept.length === page.split("\n").length, `${file} has other lines`);
  });
}
