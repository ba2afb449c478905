/* The gallery of components, photographed in both themes at three sizes and compared with the
 * pictures that were accepted (tests/browser/accepted). VEIN_GOLDEN=1 accepts those of now: look at
 * each before it is committed. Without script and animation the page is the same every time. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect } from "./house.mjs";

const require = createRequire(new URL("../../ui/package.json", import.meta.url));
const { PNG } = require("pngjs");
const accepted = new URL("accepted/", import.meta.url);

const widths = { phone: 390, tablet: 1024, wall: 1920 };
const DIFFERENCE = 0.15; /* of a pixel's colour, from 0 to 1: edges of letters vary a little */
const SHARE = 0.002; /* of the pixels that may differ by more: less than one badge is of a phone */

async function compare(taken, name, shots) {
  const { default: pixelmatch } = await import(require.resolve("pixelmatch"));
  const now = PNG.sync.read(taken);
  const path = new URL(`${name}.png`, accepted);
  if (process.env.VEIN_GOLDEN === "1") {
    mkdirSync(accepted, { recursive: true });
    writeFileSync(path, taken);
    return;
  }
  expect(existsSync(path), `there is no accepted picture ${name}: VEIN_GOLDEN=1 takes one`);
  const then = PNG.sync.read(readFileSync(path));
  expect(now.width === then.width && now.height === then.height,
    `${name} is ${now.width} × ${now.height}, the accepted ${then.width} × ${then.height}`);
  const diff = new PNG({ width: now.width, height: now.height });
  const n = pixelmatch(then.data, now.data, diff.data, now.width, now.height, { threshold: DIFFERENCE });
  const share = n / (now.width * now.height);
  if (share > SHARE && shots) writeFileSync(`${shots}/differs-${name}.png`, PNG.sync.write(diff));
  expect(share <= SHARE, `${name} differs in ${(100 * share).toFixed(2)} % of its pixels`);
}

/* Of five charts one has nothing to draw. */
async function charts(page) {
  await page.locator(".chart-plot canvas").nth(3).waitFor();
  expect((await page.locator(".chart-plot canvas").count()) === 4, "not four charts are drawn");
  const outside = page.locator("figure.chart").nth(1);
  expect(!(await outside.locator("table").isVisible()), "the table is not folded away");
  const inked = await outside.locator("canvas").evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((alpha, i) => i % 4 === 3 && alpha > 0).length / (data.length / 4);
  });
  expect(inked > 0.1, `only ${inked} of it has ink`);
  await outside.locator(".chart-plot").focus();
  for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowRight");
  await outside.getByText(/Logger A: 9\.3 °C above what is expected · Logger B: 5\.4 °C$/).waitFor();
  await outside.getByText("As a table").click();
  await outside.getByRole("table").waitFor();
  const wide = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForFunction(() => [...document.querySelectorAll(".chart-plot canvas")]
    .every((canvas) => canvas.getBoundingClientRect().right <= innerWidth));
  await page.setViewportSize(wide);
}

export async function gallery(house) {
  for (const [size, width] of Object.entries(widths))
    for (const colorScheme of ["light", "dark"])
      await house.check(`the gallery is as it was accepted, ${size}, ${colorScheme}`, async () => {
        const context = await house.browser.newContext({
          viewport: { width, height: 900 }, javaScriptEnabled: false, colorScheme, locale: "en-GB",
          reducedMotion: "reduce", baseURL: house.demo.address,
        });
        const page = await context.newPage();
        await page.goto("/help/gallery");
        await compare(await page.screenshot({ fullPage: true }), `${size}-${colorScheme}`, house.shots);
        await context.close();
      });
  const context = await house.visitor("tablet");
  const page = context.pages()[0];
  await page.goto("/help/gallery");
  await house.check("the shipped typeface is the one that is shown", async () => {
    const loaded = await page.evaluate(async () => {
      await document.fonts.ready;
      return [...document.fonts].filter((f) => f.status === "loaded").map((f) => f.family);
    });
    expect(loaded.some((f) => /Hyperlegible"?$/.test(f)), `loaded are ${loaded}`);
  });
  await house.check("letters of other Latin scripts have a face, and it comes when they do", async () => {
    const status = () => [...document.fonts].find((f) => /Hyperlegible Ext"?$/.test(f.family)).status;
    expect((await page.evaluate(status)) === "unloaded", "it comes where nobody needs it");
    await page.evaluate(() => document.querySelector("main").append("Łódź"));
    await page.waitForFunction(() =>
      [...document.fonts].some((f) => /Hyperlegible Ext"?$/.test(f.family) && f.status === "loaded"));
    await page.reload();
  });
  await house.check("charts are drawn above their tables, and read by keys", () => charts(page));
  await house.look(page, "gallery");
  await context.close();
}
