import { createRequire } from "node:module";
const require = createRequire(new URL("../../ui/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const B = "http://127.0.0.1:18099";
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium-headless-shell", args: ["--no-sandbox"] });
const sizes = { phone: [390, 844], tablet: [1024, 768], desktop: [1440, 900] };
const jobs = JSON.parse(process.argv[2]);
for (const { user, pages } of jobs) {
  const ctx = await browser.newContext({ baseURL: B, viewport: { width: 1440, height: 900 } });
  const page = await ctx.newPage();
  await page.goto("/sign-in");
  await page.getByLabel("Login").fill(user);
  await page.getByLabel("Password").fill("vein-demonstration");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForLoadState();
  for (const [name, path, steps] of pages) {
    for (const [size, [width, height]] of Object.entries(sizes)) {
      await page.setViewportSize({ width, height });
      await page.goto(path).catch((e) => console.log(String(e)));
      await page.screenshot({ path: `/tmp/shots/${name}-${size}.png`, fullPage: size !== "desktop" });
    }
    console.log(name, page.url(), await page.locator("h1").first().innerText().catch(() => "?"));
  }
  await ctx.close();
}
await browser.close();
