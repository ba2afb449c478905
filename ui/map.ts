/* The map of what is on its way, drawn from the rows of the list on the same page (pages/map.html):
 * land, the sites between which things move, a bow from each origin to its destination, and on it a
 * sign for each order, which is a link. What the list does not say the map does not show. Where
 * signs would lie upon each other there is one, with their number, that leads to the first of them
 * in the list. Drawn anew when the list has news and when the room changes. */
import {
  geoAzimuthalEqualArea,
  geoCentroid,
  geoInterpolate,
  geoPath,
  type GeoProjection,
} from "d3-geo";
import { feature, mesh } from "topojson-client";
import world from "world-atlas/countries-50m.json";

type Point = [number, number]; /* longitude and latitude, or on the screen */

interface Site {
  name: string;
  at: Point;
}
interface Moving {
  row: HTMLElement;
  from: Site;
  to: Site;
  progress: number | undefined; /* undefined: not known */
}
interface Sign {
  at: Point;
  all: Moving[];
}

const EDGE = 64; /* px around what is shown, for names */
const LEAST_KM = 500; /* what the narrower side shows at least */
const EARTH_KM = 6371;
const BOW = 0.14; /* of its length, by which a way is bent to its right: there and back are two */
const STEPS = 24;
const SIGN = 15; /* radius */
const SITE = 5;
const NAME = 18; /* height of a name */
const SVG = "http://www.w3.org/2000/svg";

const land = feature(world, world.objects.land);
const borders = mesh(world, world.objects.countries, (a, b) => a !== b);

/* --- what the list says --- */

function siteOf(row: HTMLElement, which: string): Site | undefined {
  const cell = row.querySelector<HTMLElement>(`.${which}`);
  const { latitude, longitude } = cell?.dataset ?? {};
  if (!cell || !latitude || !longitude) return undefined;
  return { name: cell.textContent ?? "", at: [Number(longitude), Number(latitude)] };
}

function movings(): Moving[] {
  const found: Moving[] = [];
  for (const row of document.querySelectorAll<HTMLElement>("#moving tr[data-state]")) {
    const [from, to] = [siteOf(row, "from"), siteOf(row, "to")];
    const progress = row.dataset["progress"];
    if (from && to) found.push({ row, from, to, progress: progress ? Number(progress) : undefined });
  }
  return found;
}

/* --- where it is on the screen --- */

function projectionOf(points: Point[], width: number, height: number): GeoProjection {
  const all = { type: "MultiPoint" as const, coordinates: points };
  const [longitude, latitude] = geoCentroid(all);
  const most = (EARTH_KM * Math.min(width, height)) / LEAST_KM;
  const edge = Math.min(EDGE, width / 6, height / 6);
  const projection = geoAzimuthalEqualArea().rotate([-longitude, -latitude]).precision(0);
  projection.fitExtent([[edge, edge], [width - edge, height - edge]], all);
  if (!(projection.scale() < most)) projection.scale(most).translate([width / 2, height / 2]);
  return projection.clipExtent([[0, 0], [width, height]]);
}

/* The point at a share of the way: along the great circle, bent to one side. */
function alongOf(from: Point, to: Point, projection: GeoProjection): (share: number) => Point {
  const between = geoInterpolate(from, to);
  const [x0, y0] = projection(from) ?? [0, 0];
  const [x1, y1] = projection(to) ?? [0, 0];
  return (share) => {
    const [x, y] = projection(between(share)) ?? [0, 0];
    const bend = BOW * Math.sin(Math.PI * share);
    return [x - (y1 - y0) * bend, y + (x1 - x0) * bend];
  };
}

function signsOf(all: Moving[], projection: GeoProjection): Sign[] {
  const signs: Sign[] = [];
  for (const one of all) {
    const at = alongOf(one.from.at, one.to.at, projection)(one.progress ?? 0.5);
    const near = signs.find((s) => Math.hypot(s.at[0] - at[0], s.at[1] - at[1]) < 2 * SIGN);
    if (near) near.all.push(one);
    else signs.push({ at, all: [one] });
  }
  return signs;
}

/* --- drawing --- */

function make<K extends keyof SVGElementTagNameMap>(
  parent: Element,
  name: K,
  attributes: Record<string, string | number>,
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  parent.append(element);
  return element;
}

const round = (n: number): number => Math.round(n * 10) / 10;

function drawWay(parent: Element, from: Site, to: Site, projection: GeoProjection): Point[] {
  const along = alongOf(from.at, to.at, projection);
  const points = Array.from({ length: STEPS + 1 }, (_, i) => along(i / STEPS));
  make(parent, "path", { class: "way", d: `M${points.map((p) => p.map(round).join()).join("L")}` });
  const [x, y] = along(1);
  const [bx, by] = along(1 - 1 / STEPS);
  const turn = (Math.atan2(y - by, x - bx) * 180) / Math.PI;
  make(parent, "path", {
    class: "head",
    d: `M${-SITE - 2},0l-11,-5v10z`,
    transform: `translate(${round(x)},${round(y)}) rotate(${round(turn)})`,
  });
  return points;
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
const meet = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

const around = ([x, y]: Point, r: number): Box => ({ x: x - r, y: y - r, width: 2 * r, height: 2 * r });

/* Right of it, left, below, above; the same farther away, where a sign stands upon it. */
function beside([x, y]: Point, width: number): Box[] {
  return [SITE + 6, SIGN + 4].flatMap((gap) => [
    { x: x + gap, y: y - NAME / 2, width, height: NAME },
    { x: x - gap - width, y: y - NAME / 2, width, height: NAME },
    { x: x - width / 2, y: y + gap, width, height: NAME },
    { x: x - width / 2, y: y - gap - NAME, width, height: NAME },
  ]);
}

/* Its name where there is room, and if may be where no way goes; else the list alone has it. */
function drawSite(parent: Element, site: Site, at: Point, taken: Box[], ways: Box[], room: Box): void {
  make(parent, "circle", { class: "site", cx: round(at[0]), cy: round(at[1]), r: SITE });
  const text = make(parent, "text", { class: "name" });
  text.textContent = site.name;
  const free = beside(at, text.getComputedTextLength()).filter((box) =>
    box.x >= 2 && box.y >= 2 && box.x + box.width <= room.width - 2 &&
    box.y + NAME <= room.height - 2 && !taken.some((other) => meet(box, other)));
  const box = free.find((b) => !ways.some((way) => meet(b, way))) ?? free[0];
  if (!box) return text.remove();
  taken.push(box);
  text.setAttribute("x", String(round(box.x)));
  text.setAttribute("y", String(round(box.y + NAME - 4)));
}

/* The gravest of what it stands for. */
function riskOf(sign: Sign): string {
  const has = (risk: string) => sign.all.some((one) => one.row.dataset["risk"] === risk);
  return has("high") ? "high" : has("watch") ? "watch" : "none";
}

function labelOf(sign: Sign, several: string): string {
  const labels = sign.all.map((one) => one.row.dataset["label"] ?? "");
  if (labels.length === 1) return labels[0] ?? "";
  return `${several.replace("{n}", String(labels.length))}. ${labels.join("; ")}`;
}

function point(sign: Sign, yes: boolean): void {
  for (const one of sign.all) one.row.classList.toggle("pointed", yes);
}

function drawSign(parent: Element, sign: Sign, figure: HTMLElement): void {
  const [first] = sign.all;
  if (!first) return;
  const alone = sign.all.length === 1;
  const risk = riskOf(sign);
  const known = sign.all.every((one) => one.progress !== undefined);
  const label = labelOf(sign, figure.dataset["several"] ?? "");
  const link = first.row.querySelector("a")?.getAttribute("href") ?? "";
  const a = make(parent, "a", {
    class: `sign ${risk}${known ? "" : " somewhere"}`,
    href: alone ? link : `#${first.row.id}`,
    "aria-label": label,
    "data-rows": sign.all.map((one) => one.row.id).join(" "),
    transform: `translate(${round(sign.at[0])},${round(sign.at[1])})`,
  });
  make(a, "title", {}).textContent = label;
  make(a, "circle", { r: SIGN });
  if (alone) {
    const icon = risk === "high" ? "stop" : risk === "watch" ? "warn" : "unit";
    make(a, "use", { href: `${figure.dataset["map"]}#${icon}`, x: -9, y: -9, width: 18, height: 18 });
  } else make(a, "text", { y: 5 }).textContent = String(sign.all.length);
  for (const [event, yes] of [["focus", true], ["blur", false], ["mouseenter", true], ["mouseleave", false]] as const)
    a.addEventListener(event, () => point(sign, yes));
}

/* The ground takes most of the work, and stays while what is shown lies between the same places. */
let ground: { of: string; land: string; borders: string } | undefined;

function drawGround(svg: SVGElement, projection: GeoProjection, of: string): void {
  const path = geoPath(projection).digits(1);
  if (ground?.of !== of) ground = { of, land: path(land) ?? "", borders: path(borders) ?? "" };
  make(svg, "path", { class: "land", d: ground.land });
  make(svg, "path", { class: "borders", d: ground.borders });
}

function drawAll(svg: SVGElement, all: Moving[], room: Box, figure: HTMLElement): void {
  const points = all.flatMap((one) => [one.from.at, one.to.at]);
  const projection = projectionOf(points, room.width, room.height);
  const sites = new Map(all.flatMap((one) => [one.from, one.to]).map((s) => [s.at.join(), s]));
  const ways = new Map(all.map((one) => [`${one.from.at.join()} ${one.to.at.join()}`, one]));
  const signs = signsOf(all, projection);
  const taken = signs.map((sign) => around(sign.at, SIGN));
  const crossed: Box[] = []; /* by ways */
  drawGround(svg, projection, [room.width, room.height, ...new Set(points.map(String))].join());
  const below = make(svg, "g", { "aria-hidden": "true" });
  for (const way of ways.values())
    crossed.push(...drawWay(below, way.from, way.to, projection).map((at) => around(at, 4)));
  for (const site of sites.values())
    drawSite(below, site, projection(site.at) ?? [0, 0], taken, crossed, room);
  for (const sign of signs) drawSign(svg, sign, figure);
}

function draw(figure: HTMLElement, canvas: HTMLElement): void {
  const all = movings();
  const had = document.activeElement?.closest(".sign")?.getAttribute("data-rows");
  figure.hidden = all.length === 0;
  if (figure.hidden) return;
  const room = { x: 0, y: 0, width: canvas.clientWidth, height: canvas.clientHeight };
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${room.width} ${room.height}`);
  canvas.replaceChildren(svg);
  drawAll(svg, all, room, figure);
  if (had) svg.querySelector<SVGElement>(`[data-rows="${had}"]`)?.focus({ preventScroll: true });
}

const figure = document.querySelector<HTMLElement>("[data-map]");
const canvas = figure?.querySelector<HTMLElement>(".map-ground");
if (figure && canvas) {
  let drawn = "";
  const anew = () => {
    draw(figure, canvas);
    drawn = `${canvas.clientWidth} ${canvas.clientHeight}`;
  };
  anew();
  document.addEventListener("vein:fresh", anew);
  new ResizeObserver(() => {
    if (drawn !== `${canvas.clientWidth} ${canvas.clientHeight}`) anew();
  }).observe(canvas);
}
