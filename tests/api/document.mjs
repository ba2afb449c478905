/* The description itself: it is valid, whole by the program's own sources, and says so when it is
 * not. partial: INT-01 every route and every command of the program is described */
import SwaggerParser from "@apidevtools/swagger-parser";
import { readdirSync, readFileSync } from "node:fs";
import { assert, check } from "./house.mjs";

/* Rows as they stand in the tables, read without the program. */
function rowsOf(pattern, files) {
  const found = [];
  for (const file of files) {
    const text = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    for (const match of text.matchAll(pattern)) found.push(match);
  }
  return found;
}

function sources(end) {
  return readdirSync("src", { recursive: true })
    .filter((file) => file.endsWith(end) && !file.includes("tests/")).map((file) => `src/${file}`);
}

/* What of the program the document leaves out; a witness is another server. */
export function missing(api) {
  const routes = rowsOf(/ROUTE\("(GET|POST|PATCH|DELETE)", "([^"]+)"/g, sources(".c").filter((file) => !file.endsWith("cli_witness.c")))
    .map(([, method, path]) => [method.toLowerCase(), path.replace("*}", "}")])
    .filter(([, path]) => path !== "/commands/{name}");
  const commands = rowsOf(/^(?:PREPARED_)?(?:SIGNED_)?COMMAND\(\s*\w+,\s*"([^"]+)"/gm, sources(".def"))
    .map(([, name]) => ["post", `/commands/${name}`]);
  assert(routes.length > 20 && commands.length > 20, "the tables were not read");
  return [...routes, ...commands].filter(([method, path]) => !api.paths[path]?.[method])
    .map((row) => row.join(" "));
}

async function valid(api) {
  try {
    await SwaggerParser.validate(structuredClone(api));
    return true;
  } catch {
    return false;
  }
}

/* Names of schemas that nothing defines. */
function dangling(api) {
  const text = JSON.stringify(api);
  return [...text.matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)]
    .filter(([, kind, name]) => !api.components[kind]?.[name]).map(([, , name]) => name);
}

export async function documentIsWhole(api) {
  await check("the description is valid OpenAPI 3.1", async () => {
    await SwaggerParser.validate(structuredClone(api));
    assert(dangling(api).length === 0, `undefined: ${dangling(api)}`);
  });
  await check("every route and command is in it", () => {
    const lacks = missing(api);
    assert(lacks.length === 0, `missing: ${lacks.join(", ")}`);
  });
  await check("every operation says who may and every summary is there", () => {
    for (const [path, methods] of Object.entries(api.paths))
      for (const [method, operation] of Object.entries(methods)) {
        assert(operation["x-permission"], `${method} ${path} has no permission`);
        assert(operation.summary, `${method} ${path} has no summary`);
      }
  });
  await check("a broken description is found", async () => {
    const wrong = structuredClone(api);
    wrong.paths["/deviations"].get.responses = "none";
    assert(!(await valid(wrong)), "an operation without answers passed");
    const lost = structuredClone(api);
    delete lost.paths["/commands/unit.make"];
    assert(missing(lost).includes("post /commands/unit.make"), "a missing command passed");
    const torn = structuredClone(api);
    delete torn.components.schemas.desk_tower_out;
    assert(dangling(torn).length > 0, "a missing schema passed");
  });
}
