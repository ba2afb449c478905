/* suite.mjs DEMO_OUTPUT: the description of the API, and a client made of it, against the
 * demonstration that printed that. */
import { Checker } from "./client.mjs";
import { documentIsWhole } from "./document.mjs";
import { counts, readDemo } from "./house.mjs";
import { journey } from "./journey.mjs";
import { privacy } from "./privacy.mjs";
import { commandExamplesHold, reads } from "./reads.mjs";

const demo = readDemo(process.argv[2]);
const api = await (await fetch(`${demo.address}/api/openapi.json`)).json();
await documentIsWhole(api);
const checker = new Checker(api);
await journey(checker, demo);
await reads(checker, demo);
await privacy(checker, demo, process.argv[2]);
await commandExamplesHold(checker);
console.log(`suite api: ${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed > 0 ? 1 : 0);
