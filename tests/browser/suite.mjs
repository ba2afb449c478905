/* suite.mjs PART DEMO_OUTPUT [SHOTS]: runs the cases of a part, "pages" or "journeys", against the demonstration that
 * printed it. */
import { House, readDemo } from "./house.mjs";
import { journeys } from "./journey.mjs";
import { camera } from "./camera.mjs";
import { clocks } from "./clocks.mjs";
import { files } from "./files.mjs";
import { gallery } from "./gallery.mjs";
import { kernelPages } from "./kernel_pages.mjs";
import { lists } from "./lists.mjs";
import { live } from "./live.mjs";
import { map } from "./map.mjs";
import { patching } from "./patch.mjs";
import { steps } from "./steps.mjs";
import { tower } from "./tower.mjs";

const parts = {
  pages: [gallery, kernelPages, clocks, tower, patching, live, lists, map, files, steps, camera],
  journeys: [journeys],
};
const [, , part, output, shots] = process.argv;
const house = await House.open(readDemo(output), shots);
for (const cases of parts[part]) await cases(house);
await house.check("no script failed, nothing was against the content policy", () => {
  if (house.troubles.length > 0) throw new Error([...new Set(house.troubles)].join("\n"));
});
await house.close();
console.log(`suite browser-${part}: ${house.passed} passed, ${house.failed} failed`);
process.exitCode = house.failed > 0 ? 1 : 0;
