// Explorable 4: back-propagation through time by hand, one step at a time, with every number.

import { button, choice, clamp, el, nested, sentence, slider, svg } from "./draw.js";
import { chart, range } from "./chart.js";
import { digits, exact } from "./formula.js";
import { fields } from "./matrices.js";
import { centralDifferences, counted, descend, sequenceLoss, unroll } from "./rnn.js";
import { backwardLines, forwardLines, gradientLines, lossLines } from "./derivation.js";

export const TASK = "Step forward through the network, then backward through time. Change any number on the way.";

const LONGEST = 8;
const [COLUMN, ROW, BOX, TALL] = [182, 66, 158, 42]; // of the diagram, in pixels

export function mount(stage, data) {
  const original = nested({ params: data.params, x: data.x });
  let { params, x: xs } = structuredClone(original);
  let loss = { ...data.loss };
  let rate = data.learning_rate;
  let exponent = Math.log10(data.epsilon);
  let moved = "b";
  let cursor = 0; // forward 0..T-1, the loss T, backward T+1..2T (the last step first), the gradient 2T+1
  let result = null;
  let timer = null;

  const says = sentence();
  const inputs = el("div", { class: "ex-inputs" });
  const diagram = el("div", { class: "ex-diagram", tabindex: 0, role: "group", "aria-label": "The network unrolled in time" });
  const derivation = el("div", { class: "ex-derivation", tabindex: 0, role: "group", "aria-label": "The step in formulas" });
  const table = el("tbody");
  const descent = chart({ label: "The loss after one step of gradient descent against the learning rate", height: 210 });
  const after = el("p", { class: "ex-note" });

  const end = () => 2 * xs.length + 1;
  const stepName = (at) => {
    const steps = xs.length;
    if (at < steps) return `forward, step ${at + 1} of ${steps}`;
    if (at === steps) return "the loss";
    return at === end() ? "the gradient" : `backward, step ${end() - at} of ${steps}`;
  };

  const compute = () => {
    result = unroll(params, xs, loss);
    showCursor();
    showGradient();
    showDescent();
  };

  const showCursor = () => {
    const steps = xs.length;
    cursor = clamp(cursor, 0, end());
    progress.limit(end());
    progress.set(cursor);
    const t = cursor < steps ? cursor : end() - 1 - cursor;
    const all = { params, xs, loss, result };
    derivation.replaceChildren(
      ...(cursor < steps
        ? forwardLines(all, t)
        : cursor === steps
          ? lossLines(all)
          : cursor === end()
            ? gradientLines(all)
            : backwardLines(all, t)),
    );
    says.say(`${stepName(cursor)[0].toUpperCase()}${stepName(cursor).slice(1)}; loss ${exact(result.loss)}`);
    back.disabled = cursor === 0;
    forth.disabled = cursor === end();
    showDiagram(t);
  };
  const goTo = (to) => {
    cursor = to;
    showCursor();
  };

  const showDiagram = (now) => {
    const steps = xs.length;
    const { forward, dL_do, dL_dh } = result;
    const known = (t) => cursor >= steps || t <= cursor;
    const returned = (t) => cursor > steps && t >= Math.max(0, end() - 1 - cursor);
    const vector = (values) => `(${values.map((value) => digits(Number(value.toPrecision(3)))).join(", ")})`;
    const rows = [
      ["ŷ", forward.y_hat, null],
      ["o", forward.o, dL_do],
      ["h", forward.h, dL_dh],
      ["x", xs, null],
    ];
    const [width, height] = [steps * COLUMN + 30, rows.length * ROW + 22];
    const left = (t) => 26 + t * COLUMN;
    const top = (i) => 18 + i * ROW;
    const arrow = (x1, y1, x2, y2, on) => svg("line", { x1, y1, x2, y2, class: `ex-arrow${on ? " ex-on" : ""}`, "marker-end": "url(#ex-tip)" });
    const parts = [svg("defs", {}, svg("marker", { id: "ex-tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 6, markerHeight: 6, orient: "auto-start-reverse" }, svg("path", { d: "M0 0 8 4 0 8z" })))]; // prettier-ignore
    for (let t = 0; t < steps; t++) {
      const middle = left(t) + BOX / 2;
      parts.push(svg("text", { x: middle, y: 11, "text-anchor": "middle" }, `t = ${t + 1}${counted(t, steps, loss) ? " (in the loss)" : ""}`));
      ["", "V", "U"].forEach((weight, i) => {
        parts.push(arrow(middle, top(i + 1), middle, top(i) + TALL, known(t)));
        if (weight) parts.push(svg("text", { x: middle + 6, y: top(i + 1) - 8, class: "ex-weight" }, weight));
      });
      parts.push(arrow(t ? left(t) - COLUMN + BOX : 2, top(2) + TALL / 2, left(t), top(2) + TALL / 2, known(t)));
      if (t) parts.push(svg("text", { x: left(t) - 15, y: top(2) + TALL / 2 - 5, class: "ex-weight" }, "W"));
      rows.forEach(([symbol, values, slopes], i) => {
        const on = cursor !== steps && cursor !== end() && t === now && (i === 3 ? cursor < steps : true);
        const box = svg("g", { class: `ex-node${on ? " ex-now" : ""}`, transform: `translate(${left(t)} ${top(i)})` },
          svg("rect", { width: BOX, height: TALL, rx: 6 }),
          svg("text", { x: BOX / 2, y: slopes ? 17 : 26, "text-anchor": "middle" }, `${symbol} ${i === 3 || known(t) ? vector(values[t]) : ""}`),
          slopes && svg("text", { x: BOX / 2, y: 34, "text-anchor": "middle", class: "ex-slope" }, returned(t) ? `∂L/∂${symbol} ${vector(slopes[t])}` : ""),
        ); // prettier-ignore
        box.addEventListener("click", () => goTo(cursor > steps ? end() - 1 - t : t));
        parts.push(box);
      });
    }
    const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, parts);
    diagram.replaceChildren(picture);
    const at = left(now) + BOX / 2 - diagram.clientWidth / 2; // what is spoken of is in sight
    if (width > diagram.clientWidth) diagram.scrollLeft = at;
  };

  const showGradient = () => {
    const epsilon = 10 ** exponent;
    const differences = centralDifferences((p) => sequenceLoss(p, xs, loss), params, epsilon);
    const rows = [];
    for (const symbol of ["b", "c", "W", "U", "V"])
      params[symbol].forEach((entry, i) =>
        [].concat(entry).forEach((_, j) => {
          const pick = (gradient) => (Array.isArray(entry) ? gradient[symbol][i][j] : gradient[symbol][i]);
          const index = Array.isArray(entry) ? `${i + 1}${j + 1}` : `${i + 1}`;
          const [hand, other] = [pick(result.gradient), pick(differences)];
          rows.push(
            el("tr", {}, el("th", { scope: "row" }, symbol, el("sub", {}, index)),
              [exact(hand), exact(other), digits(Number((other - hand).toPrecision(2)))].map((text) => el("td", {}, text))),
          ); // prettier-ignore
        }),
      );
    table.replaceChildren(...rows);
  };

  const lossAt = (step) => {
    const part = moved === "b" ? { b: params.b } : params;
    const gradient = moved === "b" ? { b: result.gradient.b } : result.gradient;
    return sequenceLoss({ ...params, ...descend(part, gradient, step) }, xs, loss);
  };
  const showDescent = () => {
    const points = Array.from({ length: 161 }, (_, i) => -1 + i / 40).map((step) => [step, lossAt(step)]);
    const here = lossAt(rate);
    descent.draw({
      x: { label: "learning rate (negative: up the gradient)", min: -1, max: 3 },
      y: { label: "loss", ...range(points.map((point) => point[1]), 1e-3) },
      lines: [{ points, colour: "var(--ex-1)" }],
      rules: [{ x: 0 }],
      dots: [{ x: 0, y: result.loss, colour: "var(--ink)" }, { x: rate, y: here, colour: "var(--ex-2)" }],
    }); // prettier-ignore
    const change = here - result.loss;
    after.textContent =
      `After one step with learning rate ${rate.toFixed(3)} the loss is ${exact(here)}, ` +
      `${digits(Math.abs(Number(change.toPrecision(4))))} ${change < 0 ? "lower" : "higher"}.`;
    descent.describe(`The loss after one step against the learning rate from -1 to 3. ${after.textContent}`);
  };

  const showInputs = () => {
    const parts = ["W", "U", "V", "b", "c"].map((symbol) => fields(symbol, params[symbol], compute));
    const sequence = xs.map((x, t) => fields(`x(${t + 1})`, x, compute));
    inputs.replaceChildren(...parts, ...sequence);
  };
  const length = slider({
    label: "steps",
    min: 1,
    max: LONGEST,
    value: xs.length,
    input: (steps) => {
      while (xs.length < steps) xs.push([...xs[xs.length % original.x.length]]); // goes on as it began
      xs.length = steps;
      showInputs();
      compute();
    },
  });
  const lossChoices = {
    squared: choice({ label: "squared", options: [[0, "ŷ₁"], [1, "ŷ₂"]], value: loss.squared, input: (squared) => setLoss({ squared }) }),
    logged: choice({ label: "logarithm of", options: [[0, "ŷ₁"], [1, "ŷ₂"]], value: loss.logged, input: (logged) => setLoss({ logged }) }),
    every_step: choice({ label: "counts", options: [[false, "the last step"], [true, "every step"]], value: loss.every_step, input: (every_step) => setLoss({ every_step }) }),
  }; // prettier-ignore
  const setLoss = (part) => {
    loss = { ...loss, ...part };
    compute();
  };
  const reset = button("As in the assignment", () => {
    ({ params, x: xs } = structuredClone(original));
    loss = { ...data.loss };
    Object.entries(lossChoices).forEach(([name, control]) => control.set(loss[name]));
    length.set(xs.length);
    cursor = 0;
    showInputs();
    compute();
  });

  const back = button("◀ Back", () => goTo(cursor - 1));
  const forth = button("Forward ▶", () => goTo(cursor + 1));
  const play = button("Play", () => {
    if (timer) return stop();
    if (cursor === end()) cursor = -1;
    const step = () => (cursor < end() ? goTo(cursor + 1) : stop());
    timer = setInterval(step, 1100);
    play.textContent = "Pause";
    step();
  });
  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  };
  const progress = slider({ label: "place", min: 0, max: end(), value: 0, format: (at) => (at < xs.length ? `→ ${at + 1}` : at === xs.length ? "loss" : at === end() ? "sum" : `← ${end() - at}`), input: goTo }); // prettier-ignore
  const epsilon = slider({ label: "epsilon of the differences", min: -12, max: -1, step: 0.25, value: exponent, format: (e) => (10 ** e).toExponential(1).replace("-", "−"), input: (e) => { exponent = e; showGradient(); } }); // prettier-ignore
  const learning = slider({ label: "learning rate", min: -1, max: 3, step: 0.001, value: rate, format: (r) => r.toFixed(3), input: (r) => { rate = r; showDescent(); } }); // prettier-ignore
  const target = choice({ label: "moves", options: [["b", "b alone"], ["all", "all parameters"]], value: moved, input: (which) => { moved = which; showDescent(); } }); // prettier-ignore

  stage.append(
    el("div", { class: "ex-panel" },
      el("div", { class: "ex-row" }, back, forth, play, says.root), progress.root, diagram, derivation),
    el("details", { class: "ex-change" }, el("summary", {}, "Change the parameters, the sequence, the loss"),
      el("div", { class: "ex-row" }, length.root, reset), inputs,
      el("div", { class: "ex-row" }, el("span", {}, "loss (ŷ − ½)² − log ŷ:"), Object.values(lossChoices).map((one) => one.root))),
    el("div", { class: "ex-columns" },
      el("div", { class: "ex-panel" }, el("h4", {}, "One step of gradient descent"), descent.root, learning.root, target.root, after),
      el("div", { class: "ex-panel" }, el("h4", {}, "The gradient by hand beside central differences"), epsilon.root,
        el("div", { class: "ex-table", tabindex: 0, role: "group", "aria-label": "The gradient by hand beside central differences" },
          el("table", {}, el("thead", {}, el("tr", {}, ["", "by hand", "differences", "error"].map((head) => el("th", { scope: "col" }, head)))), table)))),
  ); // prettier-ignore
  showInputs();
  compute();
  new ResizeObserver(() => showCursor()).observe(stage);
}
