// Line charts as SVG, drawn as wide as their place is, so that text keeps its size on a phone.

import { clamp, div, el, svg } from "./draw.js";

const MARGIN = { top: 12, right: 24, bottom: 38, left: 60 };

/** About `count` round numbers between low and high. */
function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((size) => size >= rough);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++)
    found.push(Number((k * step).toPrecision(12)));
  return found;
}

/** An axis {label, min, max, log, ticks, format}: places in [0, 1] and the numbers written. */
function scaleOf({ min, max, log = false, ticks: given = null, format = null }, count) {
  const measure = log ? Math.log10 : (value) => value;
  const [low, high] = [measure(min), measure(max)];
  const marks =
    given ?? (log ? ticks(low, high, Math.min(count, high - low)).map((k) => 10 ** k) : ticks(low, high, count));
  const say =
    format ?? ((value) => (Math.abs(value) >= 1e4 ? value.toLocaleString("en") : String(value).replace("-", "−")));
  return { at: (value) => (measure(value) - low) / (high - low), marks, say };
}

/**
 * A chart; `.draw({x, y, lines, bands, bars, rules, dots})` draws it anew.
 *
 * x, y: axes as for `scaleOf`. lines: {points: [[x, y]], colour, dash, width, faint, name}; bars: {points: [[x, y]],
 * colour, thick, name}; those with a name are in the legend. bands: {points: [[x, low, high]], colour}. rules: {x or y,
 * text}. dots: {x, y, colour}.
 */
export function chart({ label, height = 230 }) {
  const picture = svg("svg", { role: "img", "aria-label": label, class: "ex-chart", height });
  const legend = el("div", { class: "ex-legend", "aria-hidden": "true" });
  const root = div("ex-panel", picture, legend);
  let latest = null;
  new ResizeObserver(() => latest && draw(latest)).observe(root);

  function draw(content) {
    latest = content;
    const width = root.clientWidth;
    if (!width) return;
    const { x, y, lines = [], bands = [], bars = [], rules = [], dots = [] } = content;
    const plot = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
    const [across, down] = [scaleOf(x, Math.max(2, plot.width / 75)), scaleOf(y, Math.max(2, plot.height / 38))];
    const px = (value) => MARGIN.left + across.at(value) * plot.width;
    // Far outside the plot the exact place does not matter, but SVG knows no infinite numbers.
    const py = (value) => MARGIN.top + (1 - clamp(down.at(value), -4, 5)) * plot.height;
    const path = (points) =>
      points.map(([u, v], i) => `${i ? "L" : "M"}${px(u).toFixed(1)} ${py(v).toFixed(1)}`).join("");
    const right = width - MARGIN.right;
    const bottom = height - MARGIN.bottom;
    const clip = `clip-${(draw.count = (draw.count ?? 0) + 1)}-${Math.round(performance.now())}`;
    const text = (at, words, attributes = {}) => svg("text", { x: at[0], y: at[1], ...attributes }, words);

    const zero = clamp(down.at(0), 0, 1);
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    picture.replaceChildren(
      svg(
        "clipPath",
        { id: clip },
        svg("rect", { x: MARGIN.left, y: MARGIN.top, width: plot.width, height: plot.height }),
      ),
      ...down.marks.flatMap((value) => [
        svg("line", { class: "ex-gridline", x1: MARGIN.left, x2: right, y1: py(value), y2: py(value) }),
        text([MARGIN.left - 6, py(value) + 4], down.say(value), { "text-anchor": "end" }),
      ]),
      ...across.marks.flatMap((value) => [
        svg("line", { class: "ex-gridline", x1: px(value), x2: px(value), y1: MARGIN.top, y2: bottom }),
        text([px(value), bottom + 15], across.say(value), { "text-anchor": "middle" }),
      ]),
      text([(MARGIN.left + right) / 2, height - 5], x.label, { "text-anchor": "middle", class: "ex-axis" }),
      text([0, 0], y.label, {
        "text-anchor": "middle",
        class: "ex-axis",
        transform: `translate(12 ${(MARGIN.top + bottom) / 2}) rotate(-90)`,
      }),
      svg(
        "g",
        { "clip-path": `url(#${clip})` },
        bands.map(({ points, colour }) =>
          svg("path", {
            d: `${path([...points, ...points.map(([u, , high]) => [u, high]).reverse()])}Z`,
            fill: colour,
            opacity: 0.22,
          }),
        ),
        bars.map(({ points, colour, offset = 0, thick = 10 }) =>
          points.map(([u, v]) =>
            svg("rect", {
              x: px(u) - thick / 2 + offset,
              width: thick,
              fill: colour,
              y: Math.min(py(v), MARGIN.top + (1 - zero) * plot.height),
              height: Math.max(1, Math.abs(py(v) - (MARGIN.top + (1 - zero) * plot.height))),
            }),
          ),
        ),
        lines.map(({ points, colour, dash, width = 2, faint }) =>
          svg("path", {
            d: path(points),
            fill: "none",
            stroke: colour,
            "stroke-width": width,
            "stroke-dasharray": dash,
            opacity: faint ? 0.35 : null,
          }),
        ),
        rules.map(({ x: u, y: v }) =>
          u === undefined
            ? svg("line", { class: "ex-rule", x1: MARGIN.left, x2: right, y1: py(v), y2: py(v) })
            : svg("line", { class: "ex-rule", x1: px(u), x2: px(u), y1: MARGIN.top, y2: bottom }),
        ),
        dots.map(({ x: u, y: v, colour }) =>
          svg("circle", { cx: px(u), cy: py(v), r: 5, fill: colour, class: "ex-dot" }),
        ),
      ),
      ...rules
        .filter((rule) => rule.text)
        .map(({ x: u, y: v, text: words }) =>
          u === undefined
            ? text([right - 4, py(v) - 5], words, { "text-anchor": "end", class: "ex-axis" })
            : text([px(u) + (across.at(u) > 0.6 ? -5 : 5), MARGIN.top + 11], words, {
                "text-anchor": across.at(u) > 0.6 ? "end" : "start",
                class: "ex-axis",
              }),
        ),
    );
    const entry = ({ name, colour, dash }) =>
      el(
        "span",
        {},
        svg(
          "svg",
          { width: 26, height: 10 },
          svg("line", { x1: 0, x2: 26, y1: 5, y2: 5, stroke: colour, "stroke-width": 3, "stroke-dasharray": dash }),
        ),
        name,
      );
    legend.replaceChildren(...[...lines, ...bars].filter((line) => line.name).map(entry));
  }
  return { root, draw, describe: (words) => picture.setAttribute("aria-label", words) };
}

/** Low and high of some numbers with a little room, and never the same. */
export function range(values, atLeast = 1e-9) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(0.06 * (high - low), atLeast);
  return { min: low - room, max: high + room };
}
