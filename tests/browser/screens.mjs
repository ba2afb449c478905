/* Pictures of every kind of page, as it is seen at four sizes, light and dark, one after the other:
 *   screens.mjs DEMO_OUTPUT DIR [--whole]   --whole: to the page's end, below what the screen shows */
import { mkdirSync } from "node:fs";
import { House, readDemo } from "./house.mjs";
import { reach, walks, works } from "./walks.mjs";

const [, , demoFile, dir, whole] = process.argv;
const sizes = {
  phone: { width: 390, height: 844 },
  tablet: { width: 1024, height: 768 },
  desktop: { width: 1440, height: 900 },
  wall: { width: 3840, height: 2160 },
};
const house = await House.open(readDemo(demoFile));
mkdirSync(dir, { recursive: true });

/* "quality_manager-definitions-draft": who, and the way without what only fits addresses. */
const taken = new Set();
function named(walk, way) {
  const words = way.replaceAll(/\[[^\]]*\]\S*/g, "").match(/[\w-]+/g) ?? ["home"];
  const name = [walk.as?.[0] ?? "visitor", ...words].join("-");
  return taken.has(name) ? `${name}-${walk.as[1].split(" ")[0].toLowerCase()}` : name;
}

async function picture(page, name) {
  taken.add(name);
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({
        path: `${dir}/${name}-${size}-${colorScheme}.png`, fullPage: whole === "--whole", animations: "disabled",
      });
    }
  }
}

async function visit(role, site, number = 0) {
  const page = (await house.visitor("desktop")).pages()[0];
  await house.signIn(page, house.person(role, site, number));
  await page.waitForURL((url) => url.pathname !== "/sign-in");
  return page;
}

const rowsOf = async (page, path) =>
  (await (await page.request.get(path, { headers: { Accept: "application/json" } })).json()).rows ?? [];

async function found() {
  const page = await visit("coordinator", "Northfield University Hospital");
  const [order] = await rowsOf(page, "/");
  await page.goto("/search");
  await page.getByLabel("Search for").fill(order.coi.slice(0, 3));
  await page.getByRole("button", { name: "Search" }).click();
  await page.locator("main .rows").waitFor();
  await picture(page, "coordinator-search-found");
  await page.context().close();
}

const scanned = "form[action$='identity.check'] input[data-scan=submit]";

/* The right bag is read by two persons, and the step behind that is seen; at another order a wrong one, and the stop is seen
 * by who reads it, who watches the order, who watches all orders, and who has to decide. */
async function checksPassedAndFailed() {
  const operator = await visit("operator");
  const second = await visit("operator", undefined, 1);
  const coordinator = await visit("coordinator", "Corvida office");
  const quality = await visit("qa_specialist", "Halden Cell Works");
  await operator.goto("/work");
  const open = [];
  for (const path of await operator.locator("main a[href*='/tasks/']").evaluateAll((all) => all.map((a) => a.getAttribute("href")))) {
    await operator.goto(path);
    if ((await operator.locator(scanned).count()) > 0) open.push(path);
    if (open.length === 2) break;
  }
  if (open.length < 2) return console.log("the demonstration has no two open checks today");
  const orders = open.map((path) => path.split("/")[2]);
  const [bag] = (await rowsOf(coordinator, `/orders/${orders[0]}/units`)).filter((unit) => unit.kind === "apheresis_bag");
  const read = async (page, path) => {
    await page.goto(path);
    await page.locator(scanned).fill(bag.label);
    await page.locator("form[action$='identity.check'] button.primary").click();
    await page.waitForLoadState();
  };
  await read(operator, open[0]);
  await picture(operator, "operator-work-tasks-second");
  await read(second, open[0]);
  await operator.goto(open[0]);
  await operator.locator(".step-rail .done").first().waitFor();
  await picture(operator, "operator-work-tasks-passed");
  await coordinator.goto(`/orders/${orders[1]}`);
  await read(operator, open[1]);
  await coordinator.locator("dialog:modal").waitFor();
  await picture(operator, "operator-stop");
  await picture(coordinator, "coordinator-orders-covered");
  await coordinator.goto("/");
  await picture(coordinator, "coordinator-home-stopped");
  await quality.goto(`/orders/${orders[1]}/stop`);
  await picture(quality, "qa_specialist-orders-stop");
}

for (const walk of [...walks, ...works]) {
  const page = walk.as ? await visit(...walk.as) : (await house.visitor("desktop")).pages()[0];
  for (const way of walk.pages) {
    if (await reach(page, way)) await picture(page, named(walk, way));
    else console.log(`the demonstration has none today: ${named(walk, way)}`);
  }
  await page.context().close();
}
await found();
await checksPassedAndFailed();
await house.close();
console.log(`${taken.size} kinds of pages, ${taken.size * 8} pictures in ${dir}`);
