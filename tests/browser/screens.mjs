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
function named(walk, way) {
  const words = way.replaceAll(/\[[^\]]*\]\S*/g, "").match(/[\w-]+/g) ?? ["home"];
  return [walk.as?.[0] ?? "visitor", ...words].join("-");
}

async function picture(page, name) {
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

let taken = 0;
for (const walk of [...walks, ...works]) {
  const context = await house.visitor("desktop");
  const page = context.pages()[0];
  if (walk.as) {
    await house.signIn(page, house.person(...walk.as));
    await page.waitForURL((url) => url.pathname !== "/sign-in");
  }
  for (const way of walk.pages) {
    if (await reach(page, way)) {
      await picture(page, named(walk, way));
      taken++;
    } else console.log(`the demonstration has none today: ${named(walk, way)}`);
  }
  await context.close();
}
await house.close();
console.log(`${taken} kinds of pages, ${taken * 8} pictures in ${dir}`);
