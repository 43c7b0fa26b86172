// Explorable 4: back-propagation through time by hand, one step at a time, with every number.

import { nested } from "./data.js";
import { button, choice, clamp, div, el, scroller, sentence, slider } from "./draw.js";
import { chart, range } from "./chart.js";
import { digits, exact } from "./formula.js";
import { fields } from "./matrices.js";
import { centralDifferences, descend, sequenceLoss, unroll } from "./rnn.js";
import { drawDiagram } from "./diagram.js";
import { backwardLines, forwardLines, gradientLines, lossLines } from "./derivation.js";

export const TASK = "Step forward through the network, then backward through time. Change any number on the way.";

const LONGEST = 8;

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
  const inputs = div("ex-inputs");
  const diagram = scroller("ex-diagram", "The network unrolled in time");
  const derivation = scroller("ex-derivation", "The step in formulas");
  const table = el("tbody");
  const descent = chart({
    label: "The loss after one step of gradient descent against the learning rate",
    height: 210,
  });
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
    const lines =
      cursor < steps ? forwardLines : cursor === steps ? lossLines : cursor < end() ? backwardLines : gradientLines;
    derivation.replaceChildren(...lines(all, t));
    says.say(`${stepName(cursor)[0].toUpperCase()}${stepName(cursor).slice(1)}; loss ${exact(result.loss)}`);
    back.disabled = cursor === 0;
    forth.disabled = cursor === end();
    drawDiagram(diagram, { ...all, cursor, t }, goTo);
  };
  const goTo = (to) => {
    cursor = to;
    showCursor();
  };

  const showGradient = () => {
    const differences = centralDifferences((p) => sequenceLoss(p, xs, loss), params, 10 ** exponent);
    const cells = (hand, other) => [exact(hand), exact(other), digits(Number((other - hand).toPrecision(2)))];
    table.replaceChildren(
      ...entries(params).map(([symbol, index, pick]) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, symbol, el("sub", {}, index)),
          cells(pick(result.gradient), pick(differences)).map((text) => el("td", {}, text)),
        ),
      ),
    );
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
      y: {
        label: "loss",
        ...range(
          points.map((point) => point[1]),
          1e-3,
        ),
      },
      lines: [{ points, colour: "var(--ex-1)" }],
      rules: [{ x: 0 }],
      dots: [
        { x: 0, y: result.loss, colour: "var(--ink)" },
        { x: rate, y: here, colour: "var(--ex-2)" },
      ],
    });
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
  const lossChoice = (name, label, first, second, values) =>
    choice({
      label,
      options: [
        [values[0], first],
        [values[1], second],
      ],
      value: loss[name],
      input: (value) => setLoss({ [name]: value }),
    });
  const lossChoices = {
    squared: lossChoice("squared", "squared", "ŷ₁", "ŷ₂", [0, 1]),
    logged: lossChoice("logged", "logarithm of", "ŷ₁", "ŷ₂", [0, 1]),
    every_step: lossChoice("every_step", "counts", "the last step", "every step", [false, true]),
  };
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
  const progress = slider({
    label: "place",
    min: 0,
    max: end(),
    value: 0,
    format: (at) =>
      at < xs.length ? `→ ${at + 1}` : at === xs.length ? "loss" : at === end() ? "sum" : `← ${end() - at}`,
    input: goTo,
  });
  const epsilon = slider({
    label: "epsilon of the differences",
    min: -12,
    max: -1,
    step: 0.25,
    value: exponent,
    format: (e) => (10 ** e).toExponential(1).replace("-", "−"),
    input: (e) => {
      exponent = e;
      showGradient();
    },
  });
  const learning = slider({
    label: "learning rate",
    min: -1,
    max: 3,
    step: 0.001,
    value: rate,
    format: (r) => r.toFixed(3),
    input: (r) => {
      rate = r;
      showDescent();
    },
  });
  const target = choice({
    label: "moves",
    options: [
      ["b", "b alone"],
      ["all", "all parameters"],
    ],
    value: moved,
    input: (which) => {
      moved = which;
      showDescent();
    },
  });

  const title = "The gradient by hand beside central differences";
  const heads = ["", "by hand", "differences", "error"].map((head) => el("th", { scope: "col" }, head));
  const compared = scroller("ex-table", title);
  compared.append(el("table", {}, el("thead", {}, el("tr", {}, heads)), table));
  const controls = div("ex-row", back, forth, play, says.root);
  const choices = Object.values(lossChoices).map((one) => one.root);

  stage.append(
    div("ex-panel", controls, progress.root, diagram, derivation),
    el(
      "details",
      { class: "ex-change" },
      el("summary", {}, "Change the parameters, the sequence, the loss"),
      div("ex-row", length.root, reset),
      inputs,
      div("ex-row", el("span", {}, "loss (ŷ − ½)² − log ŷ:"), choices),
    ),
    div(
      "ex-columns",
      div("ex-panel", el("h4", {}, "One step of gradient descent"), descent.root, learning.root, target.root, after),
      div("ex-panel", el("h4", {}, title), epsilon.root, compared),
    ),
  );
  showInputs();
  compute();
  new ResizeObserver(() => showCursor()).observe(stage);
}

/** Every number of the parameters: its symbol, its index, and what picks it from anything of their shape. */
function entries(params) {
  return ["b", "c", "W", "U", "V"].flatMap((symbol) =>
    params[symbol].flatMap((entry, i) =>
      Array.isArray(entry)
        ? entry.map((_, j) => [symbol, `${i + 1}${j + 1}`, (like) => like[symbol][i][j]])
        : [[symbol, `${i + 1}`, (like) => like[symbol][i]]],
    ),
  );
}
