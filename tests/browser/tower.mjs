/* The control tower: what changed glides and is marked, a wall turns its pages, risk can be asked
 * for. shows: ORC-05 partial: OPS-04 */
import { expect } from "./house.mjs";

/* News comes at once and once, as the stream of events has it, and the list as `change` makes it of
 * the one that was there. */
async function withNews(house, quality, change, options = {}) {
  const context = await house.visitor("desktop");
  const page = context.pages()[0];
  await page.emulateMedia(options);
  await page.addInitScript(() => {
    delete globalThis.SharedWorker;
    globalThis.glides = 0;
    const animate = Element.prototype.animate;
    Element.prototype.animate = function (...args) {
      if (this.matches(".rows > li")) globalThis.glides++;
      return animate.apply(this, args);
    };
  });
  await house.signIn(page, quality);
  await page.getByRole("button", { name: "Sign out" }).waitFor();
  await page.route((url) => url.pathname === "/live", (route) => {
    route.fulfill({ contentType: "text/event-stream", body: "retry: 600000\nevent: tower\ndata: 1\n\n" });
  });
  await page.route((url) => url.pathname === "/", async (route) => {
    if (!(await route.request().headerValue("x-fragment"))) return route.continue();
    const answer = await route.fetch();
    return route.fulfill({ response: answer, body: change(await answer.text()) });
  });
  await page.goto("/");
  return page;
}

/* The first row after the second, and a word in it that was another. */
function swapped(html) {
  const rows = html.match(/<li id="order-[\s\S]*?<\/ol>[\s\S]*?<\/li>/g);
  const [first, second] = rows;
  return html
    .replace(first, "@1")
    .replace(second, first.replace(/<p class="clip">[^<]*<\/p>/, '<p class="clip">Another task</p>'))
    .replace("@1", second);
}

async function glides(house, quality) {
  for (const reducedMotion of ["no-preference", "reduce"])
    await house.check(`a row that moved glides, one that changed is marked: ${reducedMotion}`, async () => {
      const page = await withNews(house, quality, swapped, { reducedMotion });
      const first = await page.locator(".rows > li").first().getAttribute("id");
      await page.getByText("Another task").waitFor();
      const marked = page.locator(".rows > li.changed");
      expect((await marked.count()) === 1, `${await marked.count()} rows are marked, not 1`);
      expect((await marked.getAttribute("id")) === first, "another row is marked");
      const count = await page.evaluate(() => globalThis.glides);
      expect(count === (reducedMotion === "reduce" ? 0 : 2), `${count} rows glide`);
      await page.locator(".rows > li.changed").waitFor({ state: "detached", timeout: 6_000 });
      await page.context().close();
    });
}

async function wall(house, quality) {
  await house.check("on a wall there is as much as fits, nobody's name, and the next page by itself", async () => {
    const context = await house.visitor("desktop");
    const page = context.pages()[0];
    await house.signIn(page, quality);
    await page.setViewportSize({ width: 1440, height: 330 }); /* so that few fit */
    await page.clock.install();
    await page.goto("/?wall=1");
    const ids = () => page.locator(".rows > li").evaluateAll((all) => all.map((row) => row.id));
    /* As the server gives it: a page that is slow to load has turned before it is there. */
    const whole = await (await page.request.get("/?wall=1")).text();
    const all = [...whole.matchAll(/<li id="(order-[^"]+)"/g)].map(([, id]) => id);
    await page.clock.runFor(2_000);
    await page.waitForFunction((n) => document.querySelectorAll(".rows > li").length < n, all.length);
    const seen = await page.locator(".rows > li").last().boundingBox();
    expect(seen.y + seen.height <= 330, "a row lies below the screen");
    const names = await page.locator(".rows .whole").count();
    expect(names === 0, "a patient is named");
    expect((await page.locator(".nav:visible").count()) === 0, "something leads elsewhere");
    const before = await ids();
    await page.clock.runFor(22_000);
    await page.waitForFunction((id) => document.querySelector(".rows > li").id !== id, before[0]);
    expect((await ids())[0] === all[before.length], "the next page does not begin where it should");
    await house.look(page, "tower on a wall");
    await context.close();
  });
}

export async function tower(house) {
  const quality = house.person("qa_specialist", "Halden Cell Works");
  await glides(house, quality);
  await wall(house, quality);
  await house.check("those at a risk are listed alone, each with its reason", async () => {
    const page = await house.page(quality, "desktop");
    await page.goto("/");
    const all = await page.locator(".order-row .risk").allInnerTexts();
    for (const word of ["High risk", "Watch"]) {
      await page.getByText("Filter", { exact: true }).click();
      await page.getByLabel("Risk").selectOption({ label: word });
      await page.getByRole("button", { name: "Show", exact: true }).click();
      await page.waitForURL(/risk=/);
      const risks = await page.locator(".rows .risk").allInnerTexts();
      expect(risks.every((text) => new RegExp(`^${word}\\s+\\S`).test(text)), `${word}: ${risks}`);
      expect(risks.length >= all.filter((text) => text.startsWith(word)).length, `${word}: ${risks}`);
      await page.goto("/");
    }
  });
  await house.check("a line of the tower takes at most 37 px on a desk", async () => {
    const page = await house.page(quality, "desktop");
    await page.goto("/");
    const heights = await page.locator(".rows > li").evaluateAll((all) => all.map((r) => r.offsetHeight));
    expect(heights.every((h) => h <= 37), `they take ${heights}`);
  });
}
