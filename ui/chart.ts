/* Charts. Whatever a chart shows stands in a table (pages/chart.html), which is all there is without
 * script; here it is drawn above that, and the table is folded away below.
 *
 * <figure data-chart="time">: each column a line over time; an empty cell is a gap, and what lies outside
 * of data-low and data-high is marked by a triangle. <figure data-chart="range">: each row a bar from its
 * first number to its last, with a mark at those between. The words of a point are its row's own. */
import uPlot from "uplot";

const HEIGHT = 280;
const ROW_HEIGHT = 46;
const DASHES = [[], [8, 5], [2, 4], [12, 4, 2, 4]]; /* of one line and another: colour only repeats it */
const COLOURS = ["--accent", "--text", "--warn", "--soft"];

interface Row {
  said: string;
  name: string;
  at: number; /* seconds; of "range" its number */
  values: (number | null)[];
}
interface Chart {
  figure: HTMLElement;
  kind: "time" | "range";
  names: string[]; /* of the columns */
  rows: Row[];
  offset: number; /* seconds east of UTC, of the clock that the page shows */
  unit: string;
  low: number | undefined;
  high: number | undefined;
}

const drawn = new Map<HTMLElement, uPlot>();

/* --- the table --- */

function textOf(cell: Element): string {
  return (cell.textContent ?? "").replace(/\s+/g, " ").trim();
}

function offsetOf(time: string): number {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(time) ?? [];
  const seconds = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60;
  return sign === "-" ? -seconds : seconds;
}

function rowOf(tr: HTMLTableRowElement, number: number, names: string[]): Row {
  const [head, ...cells] = [...tr.cells];
  const time = head?.querySelector("time")?.dateTime;
  const name = head?.querySelector("[data-name]") ?? head;
  const words = cells.map((cell, i) => (textOf(cell) ? `${names[i] ?? ""}: ${textOf(cell)}` : ""));
  return {
    name: name ? textOf(name) : "",
    said: [head ? textOf(head) : "", ...words].filter(Boolean).join(" · "),
    at: time === undefined ? number : Date.parse(time) / 1000,
    values: cells.map((cell) => (cell.dataset["value"] ? Number(cell.dataset["value"]) : null)),
  };
}

function limit(text: string | undefined): number | undefined {
  return text ? Number(text) : undefined;
}

function read(figure: HTMLElement, table: HTMLTableElement): Chart {
  const kind = figure.dataset["chart"] === "range" ? "range" : "time";
  const names = [...(table.tHead?.rows[0]?.cells ?? [])].slice(1).map(textOf);
  const trs = [...(table.tBodies[0]?.rows ?? [])];
  const rows = trs.map((tr, i) => rowOf(tr, i, names)).filter((row) => !Number.isNaN(row.at));
  if (kind === "time") rows.sort((a, b) => a.at - b.at);
  return {
    figure,
    kind,
    names,
    rows: kind === "range" ? rows.filter((row) => row.values.some((v) => v !== null)) : rows,
    offset: offsetOf(table.querySelector("time")?.dateTime ?? ""),
    unit: figure.dataset["unit"] ?? "",
    low: limit(figure.dataset["low"]),
    high: limit(figure.dataset["high"]),
  };
}

/* --- words and colours --- */

function language(): string {
  return document.documentElement.lang || "en";
}

/* A token as a canvas takes it: for the theme of now. */
function colour(token: string): string {
  const probe = document.createElement("i");
  probe.hidden = true;
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function lineColour(i: number): string {
  return COLOURS[i % COLOURS.length] ?? "--text";
}

function font(size: number): string {
  return `${size}px ${getComputedStyle(document.body).fontFamily}`;
}

/* The clock of the axis: the hour, and the day where it begins. */
function clocks(chart: Chart, splits: number[], step: number): string[] {
  const parts = (options: Intl.DateTimeFormatOptions): ((at: number) => string) => {
    const format = new Intl.DateTimeFormat(language(), { timeZone: "UTC", ...options });
    return (at) => format.format((at + chart.offset) * 1000);
  };
  const day = parts({ day: "numeric", month: "short" });
  const hour = parts({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const month = parts({ month: "short", year: "numeric" });
  let before = "";
  return splits.map((at) => {
    if (step >= 28 * 86400) return month(at);
    if (step >= 86400) return day(at);
    const said = day(at) === before ? hour(at) : `${hour(at)}\n${day(at)}`;
    before = day(at);
    return said;
  });
}

function clipped(pen: CanvasRenderingContext2D, text: string, width: number): string {
  let shown = text;
  while (shown.length > 3 && pen.measureText(`${shown}…`).width > width) shown = shown.slice(0, -1);
  return shown === text || pen.measureText(text).width <= width ? text : `${shown.trimEnd()}…`;
}

/* --- drawing --- */

type Draw = (u: uPlot) => void;

function band(chart: Chart): Draw {
  return (u) => {
    const { ctx, bbox } = u;
    const place = (value: number): number =>
      Math.min(bbox.top + bbox.height, Math.max(bbox.top, u.valToPos(value, "y", true)));
    const top = chart.high === undefined ? bbox.top : place(chart.high);
    const bottom = chart.low === undefined ? bbox.top + bbox.height : place(chart.low);
    if (chart.low === undefined && chart.high === undefined) return;
    ctx.save();
    ctx.fillStyle = colour("--ok-ground");
    ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
    ctx.strokeStyle = colour("--ok");
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
    for (const [value, y] of [[chart.low, bottom], [chart.high, top]] as const) {
      if (value === undefined) continue;
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
  };
}

function triangle(ctx: CanvasRenderingContext2D, x: number, y: number, up: boolean): void {
  const size = 7 * devicePixelRatio;
  const tip = up ? -size : size;
  ctx.beginPath();
  ctx.moveTo(x, y + tip);
  ctx.lineTo(x - size, y - tip * 0.6);
  ctx.lineTo(x + size, y - tip * 0.6);
  ctx.closePath();
  ctx.fill();
  ctx.stroke();
}

function outside(chart: Chart): Draw {
  return (u) => {
    u.ctx.save();
    u.ctx.fillStyle = colour("--stop");
    u.ctx.strokeStyle = colour("--surface");
    u.ctx.lineWidth = 1.5 * devicePixelRatio;
    for (const row of chart.rows)
      for (const value of row.values) {
        if (value === null) continue;
        const above = chart.high !== undefined && value > chart.high;
        if (!above && !(chart.low !== undefined && value < chart.low)) continue;
        triangle(u.ctx, u.valToPos(row.at, "x", true), u.valToPos(value, "y", true), above);
      }
    u.ctx.restore();
  };
}

function bars(chart: Chart): Draw {
  return (u) => {
    const { ctx } = u;
    const thick = 16 * devicePixelRatio;
    ctx.save();
    for (const row of chart.rows) {
      const values = row.values.filter((v) => v !== null);
      const at = u.valToPos(row.at, "x", true);
      const [from = 0, ...rest] = values.map((v) => u.valToPos(v, "y", true));
      const to = rest[rest.length - 1] ?? from;
      ctx.fillStyle = colour("--accent-ground");
      ctx.strokeStyle = colour("--accent");
      ctx.lineWidth = 1.5 * devicePixelRatio;
      ctx.fillRect(from, at - thick / 2, Math.max(2, to - from), thick);
      ctx.strokeRect(from, at - thick / 2, Math.max(2, to - from), thick);
      ctx.fillStyle = colour("--accent");
      for (const middle of rest.slice(0, -1))
        ctx.fillRect(middle - 2.5 * devicePixelRatio, at - thick * 0.8, 5 * devicePixelRatio, thick * 1.6);
    }
    ctx.restore();
  };
}

/* --- the two kinds --- */

function axis(more: uPlot.Axis): uPlot.Axis {
  const grid = { stroke: colour("--line"), width: 1 };
  return { stroke: colour("--soft"), font: font(13), grid, ticks: { ...grid, size: 6 }, ...more };
}

function timeOptions(chart: Chart): Partial<uPlot.Options> {
  const number = new Intl.NumberFormat(language(), { maximumFractionDigits: 3 });
  const unit = chart.unit ? `\u00a0${chart.unit}` : "";
  const first = chart.rows[0]?.at ?? 0;
  const last = chart.rows[chart.rows.length - 1]?.at ?? first;
  const spare = first === last ? 3600 : (last - first) * 0.02;
  const few = chart.rows.length <= 60;
  return {
    height: HEIGHT,
    tzDate: (at) => uPlot.tzDate(new Date((at + chart.offset) * 1000), "Etc/UTC"),
    scales: {
      x: { time: true, range: [first - spare, last + spare] },
      y: {
        range: (_u, min, max) => {
          const least = Math.min(min, chart.low ?? min);
          const most = Math.max(max, chart.high ?? max);
          const room = Math.max((most - least) * 0.12, 0.5);
          return [least - room, most + room];
        },
      },
    },
    axes: [
      axis({ space: 76, size: 46, values: (_u, splits, _i, _space, step) => clocks(chart, splits, step) }),
      axis({ size: 74, values: (_u, splits) => splits.map((v) => number.format(v) + unit) }),
    ],
    series: [
      {},
      ...chart.names.map((label, i) => ({
        label,
        stroke: colour(lineColour(i)),
        width: 2,
        dash: DASHES[i % DASHES.length] ?? [],
        points: { show: few || chart.rows.length === 1, size: 7, fill: colour("--surface") },
      })),
    ],
    hooks: { drawClear: [band(chart)], draw: [outside(chart)] },
  };
}

function rangeOptions(chart: Chart, width: number): Partial<uPlot.Options> {
  const number = new Intl.NumberFormat(language(), { maximumFractionDigits: 1 });
  const n = chart.rows.length;
  const room = Math.min(240, Math.round(width * 0.38));
  const most = Math.max(...chart.rows.flatMap((row) => row.values.map((v) => v ?? 0)));
  chart.rows.forEach((row, i) => (row.at = i));
  return {
    height: n * ROW_HEIGHT + 50,
    scales: {
      x: { time: false, ori: 1, dir: -1, range: [-0.5, n - 0.5] },
      y: { ori: 0, range: [0, most * 1.05 || 1] },
    },
    axes: [
      axis({
        side: 3,
        size: room,
        font: font(14),
        stroke: colour("--text"),
        grid: { show: false },
        ticks: { show: false },
        splits: () => chart.rows.map((row) => row.at),
        values: (u) => chart.rows.map((row) => clipped(u.ctx, row.name, (room - 16) * devicePixelRatio)),
      }),
      axis({
        side: 2,
        size: 44,
        space: 56,
        values: (_u, splits) => splits.map((v) => `${number.format(v)}\u00a0${chart.unit}`),
      }),
    ],
    series: [{}, ...chart.names.map((label) => ({ label, paths: () => null, points: { show: false } }))],
    hooks: { draw: [bars(chart)] },
  };
}

/* --- on the page --- */

function element(name: string, className: string): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  return made;
}

/* The lines and what they are, each with its dash and colour as it is drawn. */
function legend(chart: Chart): HTMLElement {
  const list = element("ul", "chart-lines");
  chart.names.forEach((name, i) => {
    const line = document.createElement("li");
    line.className = `line-${i % COLOURS.length}`;
    line.append(element("i", ""), name);
    list.append(line);
  });
  return list;
}

/* Arrows lead from point to point, and each is said as its row has it. */
function reads(chart: Chart, plot: HTMLElement, said: HTMLElement, of: () => uPlot | undefined): void {
  let at = -1;
  plot.addEventListener("keydown", (event) => {
    const last = chart.rows.length - 1;
    const back = event.key === "ArrowLeft" || event.key === "ArrowUp";
    const to: Record<string, number> = { Home: 0, End: last };
    const step = back ? -1 : event.key === "ArrowRight" || event.key === "ArrowDown" ? 1 : 0;
    if (step === 0 && !(event.key in to)) return;
    event.preventDefault();
    at = Math.min(last, Math.max(0, step === 0 ? (to[event.key] ?? 0) : at + step));
    const row = chart.rows[at];
    const u = of();
    if (!row || !u) return;
    said.textContent = row.said;
    const value = row.values.find((v) => v !== null) ?? 0;
    const [x, y] = [u.valToPos(row.at, "x"), u.valToPos(value, "y")];
    u.setCursor(chart.kind === "range" ? { left: y, top: x } : { left: x, top: y }, false);
  });
}

function make(chart: Chart, plot: HTMLElement, said: HTMLElement): uPlot {
  const width = Math.max(240, plot.clientWidth);
  const kind = chart.kind === "range" ? rangeOptions(chart, width) : timeOptions(chart);
  const data: uPlot.AlignedData = [
    chart.rows.map((row) => row.at),
    ...chart.names.map((_name, i) => chart.rows.map((row) => row.values[i] ?? null)),
  ];
  return new uPlot(
    {
      ...kind,
      width,
      height: kind.height ?? HEIGHT,
      series: kind.series ?? [],
      legend: { show: false },
      cursor: {
        y: false,
        x: chart.kind === "time",
        drag: { x: false, y: false, setScale: false },
        points: { show: chart.kind === "time", size: 11, fill: (_u, i) => colour(lineColour(i - 1)) },
      },
      hooks: {
        ...kind.hooks,
        setCursor: [
          (u) => {
            const row = u.cursor.idx == null ? undefined : chart.rows[u.cursor.idx];
            if (row && (u.cursor.left ?? -1) >= 0) said.textContent = row.said;
          },
        ],
      },
    },
    data,
    plot,
  );
}

function draw(figure: HTMLElement): void {
  const table = figure.querySelector("table");
  if (!table || figure.querySelector(".chart-plot")) return;
  const chart = read(figure, table);
  if (!chart.rows.some((row) => row.values.some((v) => v !== null))) return;
  const caption = figure.querySelector("figcaption");
  drawn.get(figure)?.destroy(); /* the figure came anew, without it */
  const plot = element("div", "chart-plot");
  const said = element("p", "chart-said");
  const folded = document.createElement("details");
  const summary = document.createElement("summary");
  plot.tabIndex = 0;
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", caption ? textOf(caption) : "");
  said.setAttribute("role", "status");
  summary.textContent = document.documentElement.dataset["asTable"] ?? "";
  table.before(plot, said, folded);
  if (chart.kind === "time" && chart.names.length > 1) plot.before(legend(chart));
  const scroll = element("div", "scroll");
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", plot.getAttribute("aria-label") ?? "");
  scroll.append(table);
  folded.append(summary, scroll);
  reads(chart, plot, said, () => drawn.get(figure));
  drawn.set(figure, make(chart, plot, said));
  const again = (): void => {
    drawn.get(figure)?.destroy();
    drawn.delete(figure);
    if (plot.isConnected) drawn.set(figure, make(chart, plot, said));
  };
  let width = plot.clientWidth;
  const sizes = new ResizeObserver(() => {
    if (!plot.isConnected) sizes.disconnect();
    if (plot.clientWidth === width && plot.isConnected) return;
    width = plot.clientWidth;
    again();
  });
  sizes.observe(plot);
  for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"])
    matchMedia(query).addEventListener("change", again);
}

function drawAll(): void {
  document.querySelectorAll<HTMLElement>("figure[data-chart]").forEach(draw);
}

drawAll();
document.addEventListener("vein:fresh", drawAll);
void document.fonts.ready.then(() => drawn.forEach((u) => u.redraw(false, true)));
