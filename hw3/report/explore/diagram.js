// The network unrolled in time, as boxes with the numbers that are known so far.

import { svg } from "./draw.js";
import { digits } from "./formula.js";
import { counted } from "./rnn.js";

const [COLUMN, ROW, BOX, TALL] = [182, 66, 158, 42]; // pixels
const [LEFT, TOP] = [26, 18];

const text = (x, y, words, name = null, anchor = "middle") =>
  svg("text", { x, y, class: name, "text-anchor": anchor }, words);

function arrow(x1, y1, x2, y2, on) {
  return svg("line", { x1, y1, x2, y2, class: `ex-arrow${on ? " ex-on" : ""}`, "marker-end": "url(#ex-tip)" });
}

function tip() {
  const size = { markerWidth: 6, markerHeight: 6, viewBox: "0 0 8 8", refX: 7, refY: 4 };
  return svg("defs", {}, svg("marker", { id: "ex-tip", orient: "auto", ...size }, svg("path", { d: "M0 0 8 4 0 8z" })));
}

/** (0.123, -4.56): short enough for a box. */
const vector = (values) => `(${values.map((value) => digits(Number(value.toPrecision(3)))).join(", ")})`;

/**
 * Draws the network into `place`, for step t (from 0) of the walk that stands at `cursor` (as in unroll.js): forward
 * values up to there, and the derivatives that have come back. Clicking a box goes to its step: `goTo(cursor)`.
 */
export function drawDiagram(place, { xs, loss, result, cursor, t: now }, goTo) {
  const steps = xs.length;
  const end = 2 * steps + 1;
  const { forward, dL_do, dL_dh } = result;
  const known = (t) => cursor >= steps || t <= cursor;
  const returned = (t) => cursor > steps && t >= Math.max(0, end - 1 - cursor);
  const walking = cursor !== steps && cursor !== end;
  const rows = [
    ["ŷ", forward.y_hat, null],
    ["o", forward.o, dL_do],
    ["h", forward.h, dL_dh],
    ["x", xs, null],
  ];
  const [width, height] = [steps * COLUMN + 30, rows.length * ROW + TOP + 4];
  const left = (t) => LEFT + t * COLUMN;
  const top = (row) => TOP + row * ROW;

  const box = (t, row) => {
    const [symbol, values, slopes] = rows[row];
    const isInput = symbol === "x";
    const on = walking && t === now && (!isInput || cursor < steps);
    const value = isInput || known(t) ? vector(values[t]) : "";
    const slope = slopes && returned(t) ? `∂L/∂${symbol} ${vector(slopes[t])}` : "";
    return svg(
      "g",
      {
        class: `ex-node${on ? " ex-now" : ""}`,
        transform: `translate(${left(t)} ${top(row)})`,
        onclick: () => goTo(cursor > steps ? end - 1 - t : t),
      },
      svg("rect", { width: BOX, height: TALL, rx: 6 }),
      text(BOX / 2, slopes ? 17 : 26, `${symbol} ${value}`),
      slope && text(BOX / 2, 34, slope, "ex-slope"),
    );
  };
  const column = (t) => {
    const middle = left(t) + BOX / 2;
    const side = top(2) + TALL / 2;
    return [
      text(middle, 11, `t = ${t + 1}${counted(t, steps, loss) ? " (in the loss)" : ""}`),
      ["", "V", "U"].map((weight, row) => [
        arrow(middle, top(row + 1), middle, top(row) + TALL, known(t)),
        text(middle + 6, top(row + 1) - 8, weight, "ex-weight", "start"),
      ]),
      arrow(t ? left(t - 1) + BOX : 2, side, left(t), side, known(t)),
      text(left(t) - 12, side - 5, t ? "W" : "", "ex-weight"),
      rows.map((_, row) => box(t, row)),
    ];
  };
  const columns = xs.map((_, t) => column(t));
  place.replaceChildren(
    svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, tip(), columns),
  );
  // What is spoken of is in sight.
  if (width > place.clientWidth) place.scrollLeft = left(now) + BOX / 2 - place.clientWidth / 2;
}
