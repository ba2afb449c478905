/* The camera as a scanner, in a browser of its own, before whose camera a film runs: the label of a unit,
 * as the program prints it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRequire } from "node:module";
import { House, expect } from "./house.mjs";
import { judge, plain } from "./measure.mjs";

const require = createRequire(new URL("../../ui/package.json", import.meta.url));
const { PNG } = require("pngjs");

const WIDTH = 640, HEIGHT = 480, FRAMES = 4;

/* One picture for ever: white, with `label` in its middle. */
function film(path, label) {
  const y = Buffer.alloc(WIDTH * HEIGHT, 235);
  const colour = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  const left = (WIDTH - label.width) >> 1, top = (HEIGHT - label.height) >> 1;
  for (let row = 0; row < label.height; row++)
    for (let column = 0; column < label.width; column++)
      y[(top + row) * WIDTH + left + column] = label.data[4 * (row * label.width + column)] < 128 ? 16 : 235;
  const frame = Buffer.concat([Buffer.from("FRAME\n"), y, colour]);
  const head = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`);
  writeFileSync(path, Buffer.concat([head, ...Array(FRAMES).fill(frame)]));
}

/* A unit, and a task at which it is scanned next, if there is one: of an operator, who labels as well. */
async function bag(house) {
  const person = house.person("operator");
  const page = await house.page(person, "desktop");
  const html = async (path) => (await page.request.get(path)).text();
  const paths = (text, what) => [...new Set([...text.matchAll(what)].map(([path]) => path))];
  const tasks = paths(await html("/work"), /\/orders\/[^"/]+\/tasks\/\w+/g);
  for (const task of tasks) {
    const unit = (await html(task)).match(/id="unit-\w+-([0-9a-f-]{36})"[^>]* data-scan="submit"/)?.[1];
    if (unit) return { person, task, unit: `/units/${unit}` };
  }
  for (const task of tasks) {
    const [unit] = paths(await html(task.replace(/\/tasks\/.*/, "/units")), /\/units\/[0-9a-f-]{36}/g);
    if (unit) return { person, unit };
  }
  throw new Error("an operator has no unit at hand");
}

/* The symbol on the page of the unit's label. */
async function printed(house, { person, unit }) {
  const page = await house.page(person, "desktop");
  await page.goto(`${unit}/label`);
  await house.look(page, "label");
  return PNG.sync.read(await page.locator("svg.qr").screenshot());
}

/* In the picture it is as large as the frame of a phone has room for. */
function shrunk(label, size) {
  const out = new PNG({ width: size, height: size });
  for (let i = 0; i < size * size; i++) {
    const from = Math.floor(((i / size) | 0) * label.height / size) * label.width +
      Math.floor((i % size) * label.width / size);
    label.data.copy(out.data, 4 * i, 4 * from, 4 * from + 4);
  }
  return out;
}

/* A phone before whose camera the film runs. Whether pages may use it, the browser is told at its start. */
async function phone(house, film, allowed) {
  const eyes = new House(await House.launch([
    "--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${film}`,
    `--use-fake-ui-for-media-stream${allowed ? "" : "=deny"}`,
  ]), house.demo, house.shots);
  eyes.looked = house.looked;
  return eyes;
}

async function signedIn(eyes, person) {
  const context = await eyes.visitor("phone");
  await eyes.signIn(context.pages()[0], person);
  await context.pages()[0].getByRole("button", { name: "Lock" }).waitFor();
  return context.pages()[0];
}

/* The check of a task, where the demonstration has one that waits; else what the worklist is asked. */
async function scanned(house, eyes, at) {
  const page = await signedIn(eyes, at.person);
  await page.addInitScript(() => {
    const shown = () =>
      document.querySelector('dialog.camera[data-state="read"]') && sessionStorage.setItem("read", "shown");
    new MutationObserver(shown).observe(document, { subtree: true, attributeFilter: ["data-state"] });
  });
  await page.goto(at.task ?? "/work");
  const opens = page.locator("main").getByRole("button", { name: /^Scan by camera: / });
  expect((await opens.boundingBox()).height >= 60, "the button is too small for a glove");
  await opens.click();
  if (at.task) await page.locator(".verdict.ok").waitFor();
  else await page.waitForURL((url) => url.pathname !== "/work");
  const read = await page.evaluate(() => sessionStorage.getItem("read"));
  expect(read === "shown", "the page went on without showing what was read");
}

/* What the camera does is seen in its track, which the page has no other hold of. */
async function released(house, eyes, at) {
  const page = await signedIn(eyes, at.person);
  await page.addInitScript(() => {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (...wanted) => (globalThis.stream = await real(...wanted));
  });
  const states = () => page.evaluate(() => globalThis.stream?.getTracks().map((t) => t.readyState).join());
  await page.goto("/search");
  const opens = page.locator("main").getByRole("button", { name: /^Scan by camera: / });
  const dialog = page.locator("dialog.camera");
  await page.locator("#q").evaluate((q) => q.setAttribute("data-scan", "")); /* nothing is sent */
  await opens.click();
  await page.waitForFunction(() => document.querySelector("#q").value !== "");
  await dialog.waitFor({ state: "hidden" });
  expect((await states()) === "ended", "the camera is on behind a read");
  const read = await page.locator("#q").inputValue();
  expect(/^vein:u:/.test(read), `read was ${read.slice(0, 7)}…`);
  await opens.click();
  await page.locator('dialog.camera[data-state="looking"], dialog.camera[data-state="read"]').waitFor();
  await page.evaluate(() => document.dispatchEvent(new Event("vein:covered"))); /* as a stop and a lock do */
  await dialog.waitFor({ state: "hidden" });
  expect((await states()) === "ended", "the camera is on below a cover");
  return page;
}

async function denied(house, eyes, at) {
  const page = await signedIn(eyes, at.person);
  await page.goto("/search");
  await page.locator("main").getByRole("button", { name: /^Scan by camera: / }).click();
  await page.getByText("This page may not use the camera.").waitFor();
  await judge(page, plain);
  if (house.shots) await house.pictures(page, "camera denied");
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await page.getByRole("searchbox").fill("typed all the same");
}

export async function camera(house) {
  await house.check("without a camera there is no button for it", async () => {
    const page = await house.page(house.person("operator"), "desktop");
    await page.goto("/work");
    expect((await page.locator(".camera-open:visible").count()) === 0, "there is one");
  });
  const dir = mkdtempSync(join(tmpdir(), "film-"));
  const path = join(dir, "label.y4m");
  const houses = [];
  let at;
  const opened = async (allowed) => {
    houses.push(await phone(house, path, allowed));
    return houses[houses.length - 1];
  };
  try {
    const ready = await house.check("a unit's label is printed as a symbol", async () => {
      at = await bag(house);
      film(path, shrunk(await printed(house, at), 190));
    });
    if (!ready) return;
    await house.check("a camera that is not allowed is said, and typing remains", async () =>
      denied(house, await opened(false), at));
    await house.check("the camera is off as soon as nothing is to be read", async () =>
      released(house, await opened(true), at));
    await house.check("a camera reads a bag's label as a scanner does", () => scanned(house, houses[1], at));
    for (const eyes of houses) house.troubles.push(...eyes.troubles);
  } finally {
    for (const eyes of houses) await eyes.close();
    rmSync(dir, { recursive: true });
  }
}
