/* The map draws what the list says, and nothing else; it is read and pressed by keys, goes on with the
 * news, and without script the list does. partial: LOG-05, OPS-04 */
import { randomUUID } from "node:crypto";
import { expect } from "./house.mjs";

/* In the page of who is signed in, as its scripts would. */
function ask(page, path) {
  return page.evaluate(
    async (at) => (await (await fetch(at, { headers: { Accept: "application/json" } })).json()).rows ?? [],
    path);
}

function send(page, name, body) {
  return page.evaluate(async ([name, body, id]) => {
    const csrf = document.querySelector("[name=_csrf]").value;
    const answer = await fetch(`/commands/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf, "Idempotency-Key": id },
      body: JSON.stringify(body),
    });
    return answer.status;
  }, [name, body, randomUUID()]);
}

/* Something that the plant holds is offered to the hospital, without a courier between. */
async function offered(house, page) {
  for (const { order_id: order } of await ask(page, "/")) {
    if ((await ask(page, `/map?order=${order}`)).length > 0) continue;
    const parts = await ask(page, `/orders/${order}/people`);
    const to = parts.find((row) => row.part === "treatment");
    for (const { unit, ended } of to ? await ask(page, `/orders/${order}/units`) : []) {
      const body = { unit, to_organisation: to.organisation, to_site: to.site };
      if (!ended && (await send(page, "custody.offer", body)) === 200) return { order, unit };
    }
  }
  throw new Error("the plant holds nothing that it may give away");
}

async function asTheList(page) {
  await page.locator(".map .sign").first().waitFor();
  const rows = await page.locator("#moving tr[data-state]").evaluateAll((all) =>
    all.filter((row) => row.querySelectorAll("[data-latitude]:not([data-latitude=''])").length === 2)
      .map((row) => ({ id: row.id, label: row.dataset.label })));
  const signs = await page.locator(".map .sign").evaluateAll((all) =>
    all.map((sign) => ({ rows: sign.dataset.rows, label: sign.getAttribute("aria-label") })));
  expect(rows.length > 0, "nothing is on its way");
  const drawn = signs.flatMap((sign) => sign.rows.split(" "));
  expect(drawn.length === rows.length && new Set(drawn).size === rows.length, `${drawn} of ${rows.length}`);
  for (const { id, label } of rows) {
    const sign = signs.find((s) => s.rows.split(" ").includes(id));
    expect(sign?.label.includes(label), `${id} is not said on the map`);
  }
  const places = await page.locator("#moving .from, #moving .to").allInnerTexts();
  for (const name of await page.locator(".map .name").allTextContents())
    expect(places.includes(name), `${name} is not in the list`);
}

async function drawn(house, page, order) {
  await house.check("the map draws what the list says", async () => {
    await page.goto("/map");
    await asTheList(page);
    expect((await page.locator(".map .land").getAttribute("d")).length > 1_000, "there is no land");
    const box = await page.locator(".map .sign circle").first().boundingBox();
    expect(box.width >= 24 && box.height >= 24, `a sign is ${box.width} × ${box.height}`);
  });
  await house.look(page, "map");
  await house.check("a sign of the map is pressed by keys, and leads to the order", async () => {
    await page.goto(`/map?order=${order}`);
    await asTheList(page);
    const sign = page.locator(".map .sign").first();
    await sign.focus();
    expect((await page.locator("#moving tr.pointed").count()) === 1, "its row is not marked");
    await page.keyboard.press("Enter");
    await page.waitForURL(`**/orders/${order}`);
  });
}

export async function map(house) {
  const operator = await house.page(house.person("operator", "Halden Cell Works"), "desktop");
  const quality = house.person("qa_specialist", "Halden Cell Works");
  await operator.goto("/work");
  const { order, unit } = await offered(house, operator);
  await drawn(house, await house.page(quality, "desktop"), order);
  const phone = await house.page(quality, "phone");
  await phone.goto("/map");
  await phone.locator(".map .sign").first().waitFor();
  await house.look(phone, "map");
  await house.check("without script the list is there, and no map", async () => {
    const bare = await house.page(quality, "desktop", { script: false });
    await bare.goto("/map");
    expect((await bare.locator("#moving tr[data-state]").count()) > 0, "the list is empty");
    expect((await bare.locator(".map:visible").count()) === 0, "there is a map");
  });
  await house.check("what moves no more leaves list and map by itself", async () => {
    const page = await house.page(quality, "desktop");
    await page.goto(`/map?order=${order}`);
    await page.locator(".map .sign").first().waitFor();
    const status = await send(operator, "custody.withdraw", { unit, _reason: "it stays" });
    expect(status === 200, `the offer was not withdrawn: ${status}`);
    await page.getByText("Nothing of this order is on its way.").waitFor();
    await page.locator(".map").waitFor({ state: "hidden" });
  });
}
