/* The browser, the people, and what every page must stand: a context of their own for each person
 * and size, cases counted, axe-core in light and dark, pictures where they are asked for. */
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import { judge, plain } from "./measure.mjs";

const require = createRequire(new URL("../../ui/package.json", import.meta.url));
const { chromium } = require("playwright-core");

export const sizes = {
  phone: { width: 390, height: 844 },
  tablet: { width: 1024, height: 768 },
  desktop: { width: 1440, height: 900 },
};

/* What `vein demo` printed: address, password, and people as {login, role, site}. */
export function readDemo(file) {
  const text = readFileSync(file, "utf8");
  const people = [];
  let site;
  for (const line of text.split("\n")) {
    const row = line.match(/^ {2}(\S+) +(.+)$/);
    if (!row) site = line;
    else for (const login of row[2].split(" ")) people.push({ login, role: row[1], site });
  }
  return {
    address: text.match(/https?:\/\/[^\s,]+/)[0],
    password: text.match(/password of all: (.*)\)/)[1],
    people,
  };
}

export class House {
  static launch(more = []) {
    return chromium.launch({
      executablePath: "/usr/bin/chromium-headless-shell",
      headless: true,
      args: [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", ...more,
      ],
    });
  }

  static async open(demo, shots) {
    return new House(await House.launch(), demo, shots);
  }

  constructor(browser, demo, shots) {
    Object.assign(this, { browser, demo, shots });
    this.passed = 0;
    this.failed = 0;
    this.contexts = new Map();
    this.looked = new Set();
    this.troubles = [];
    this.ours = []; /* orders that a journey takes on its way: another must not stop them */
  }

  /* --- cases --- */

  static nothing = Symbol("there was nothing to look at"); /* such a case is not counted */

  async check(name, work) {
    const start = Date.now();
    try {
      if ((await work()) === House.nothing) return true;
      this.passed++;
      console.log(`ok: ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
      return true;
    } catch (error) {
      this.failed++;
      console.log(`not ok: ${name}\n${String(error.stack ?? error).replace(/^/gm, "    ")}`);
      await this.tellWhere();
      return false;
    }
  }

  async tellWhere() {
    const page = this.last;
    if (!page || page.isClosed()) return;
    const text = await page.locator("body").innerText().catch(() => "");
    console.log(`    at ${page.url()}:\n${text.slice(0, 1500).replace(/^/gm, "    | ")}`);
    if (this.shots) await this.picture(page, `failed-${this.failed}`);
  }

  /* --- people --- */

  person(role, site, number = 0) {
    const all = this.demo.people.filter((p) => p.role === role && (!site || p.site === site));
    if (all.length <= number) throw new Error(`no ${role} number ${number} at ${site}`);
    return all[number];
  }

  /* A page in the person's own context, signed in. `script: false` is a browser without any. */
  async page(person, size, { script = true } = {}) {
    const key = `${person.login} ${size} ${script}`;
    let context = this.contexts.get(key);
    if (!context) {
      context = await this.visitor(size, { script });
      this.contexts.set(key, context);
      await this.signIn(context.pages()[0], person);
    }
    this.last = context.pages()[0];
    return this.last;
  }

  async visitor(size, { script = true, timezoneId = "Europe/Berlin" } = {}) {
    const context = await this.browser.newContext({
      viewport: sizes[size],
      hasTouch: size === "phone",
      javaScriptEnabled: script,
      baseURL: this.demo.address,
      locale: "en-GB",
      timezoneId,
    });
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    page.on("pageerror", (error) => this.troubles.push(`${page.url()}: ${error}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !/status of [34]\d\d/.test(message.text()))
        this.troubles.push(`${page.url()}: ${message.text()}`);
    });
    this.last = page;
    return context;
  }

  async signIn(page, person, password = this.demo.password) {
    await page.goto("/sign-in");
    await page.getByLabel("Login").fill(person.login);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  /* --- what a page must stand --- */

  /* partial: OPS-04 once for each kind of page and size: no violation in light or dark, nothing
   * wider than the screen, one main heading. Pictures on the way. */
  async look(page, kind) {
    const { width } = page.viewportSize();
    const key = `${kind} ${width}`;
    if (this.looked.has(key)) return;
    this.looked.add(key);
    await this.check(`${kind} at ${width}: accessible, and fits`, async () => {
      if ((await page.getByRole("heading", { level: 1 }).count()) !== 1)
        throw new Error("not one main heading");
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (over > 0) throw new Error(`${over} px wider than the screen`);
      await judge(page, plain);
    });
    if (this.shots) await this.pictures(page, kind);
  }

  async pictures(page, kind) {
    const before = page.viewportSize();
    for (const [name, size] of Object.entries(sizes)) {
      await page.setViewportSize(size);
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        await this.picture(page, `${kind}-${name}-${colorScheme}`);
      }
    }
    await page.emulateMedia({ colorScheme: null });
    await page.setViewportSize(before);
  }

  async picture(page, name) {
    mkdirSync(this.shots, { recursive: true });
    const path = `${this.shots}/${name.replaceAll(/\W+/g, "-")}.png`;
    await page.screenshot({ path, fullPage: true }).catch(() => undefined);
  }

  async close() {
    await this.browser.close();
  }
}

export function expect(holds, what) {
  if (!holds) throw new Error(what);
}
