// Explorable 5: an LSTM whose biases are sliders: its gates, its state, its gradient and what each step adds to it.

import { nested } from "./data.js";
import { button, choice, div, el, percent, sentence, slider } from "./draw.js";
import { chart, range } from "./chart.js";
import { digits } from "./formula.js";
import { GATES, unroll } from "./lstm.js";

export const TASK = "Move the forget bias: how long does the state, and with it the gradient, live?";

const LONGEST = 40;
const BIAS = { forget: "forget gate f", input: "input gate g", output: "output gate q", candidate: "candidate k" };

export function mount(stage, data) {
  const original = nested({ params: data.params, x: data.x });
  const s0 = nested(data.s0);
  let params = structuredClone(original.params);
  let steps = Math.max(original.x.length, 12);
  let cell = 0;

  const says = sentence();
  const gates = chart({ label: "The gates over the steps" });
  const state = chart({ label: "State and output over the steps" });
  const gradient = chart({ label: "Size of the gradient that reaches each step" });
  const shares = chart({ label: "What each step adds to the gradient of the forget bias" });
  const outcome = el("p", { class: "ex-note" });

  const show = () => {
    const xs = Array.from({ length: steps }, (_, t) => original.x[t % original.x.length]);
    const options = { s0, tanh_candidate: data.tanh_candidate };
    const result = unroll(params, xs, data.loss, options);
    const { f, g, q, k, s, h, y_hat } = result.forward;
    const x = { label: "step t", min: 0.5, max: steps + 0.5, ticks: stepTicks(steps) };
    const points = (values) => values.map((value, t) => [t + 1, value[cell]]);
    gates.draw({
      x,
      y: { label: "open", min: 0, max: 1 },
      lines: [
        { points: points(f), colour: "var(--ex-2)", name: "f forget", width: 3 },
        { points: points(g), colour: "var(--ex-1)", name: "g input", dash: "7 3" },
        { points: points(q), colour: "var(--ex-3)", name: "q output", dash: "2 3" },
        { points: points(k), colour: "var(--ex-4)", name: "k candidate", dash: "9 3 2 3" },
      ],
    });
    state.draw({
      x,
      y: { label: "value", ...range([0, 1, ...s.map((v) => v[cell]), ...h.map((v) => v[cell])]) },
      lines: [
        { points: points(s), colour: "var(--ex-2)", name: "state s", width: 3 },
        { points: points(h), colour: "var(--ex-1)", name: "output h", dash: "7 3" },
      ],
    });
    const size = (values) => values.map((value, t) => [t + 1, Math.max(Math.abs(value[cell]), 1e-30)]);
    const sizes = [size(result.dL_ds), size(result.dL_dh)];
    const largest = Math.max(...sizes.flat().map((point) => point[1]));
    const smallest = Math.min(...sizes.flat().map((point) => point[1]));
    const lowest = Math.min(-4, Math.floor(Math.log10(smallest)));
    gradient.draw({
      x,
      y: {
        label: "size",
        min: 10 ** lowest,
        max: 10 ** Math.ceil(Math.log10(largest)),
        log: true,
        format: (value) => `1e${Math.round(Math.log10(value))}`.replace("-", "−"),
      },
      lines: [
        { points: sizes[0], colour: "var(--ex-2)", name: "|∂L/∂s|", width: 3 },
        { points: sizes[1], colour: "var(--ex-1)", name: "|∂L/∂h|", dash: "7 3" },
      ],
    });
    const added = points(result.dL_da.forget);
    shares.draw({
      x,
      y: { label: "share", ...range([0, ...added.map((point) => point[1])], 1e-6), format: digits },
      bars: [{ points: added, colour: "var(--ex-2)", thick: Math.max(3, Math.min(22, 260 / steps)) }],
    });
    const kept = f.reduce((product, value) => product * value[cell], 1);
    const average = kept ** (1 / steps);
    const life = Math.log(0.5) / Math.log(average);
    const given = original.x.length;
    const repeated = steps > given ? ` (the ${given === 1 ? "input" : `${given} inputs`} again and again)` : "";
    const half = life < 100 ? life.toFixed(1) : Math.round(life);
    says.say(
      `In cell ${cell + 1} the forget gate keeps ${percent(average)} of the state a step, ${percent(kept)} over ` +
        `${steps} ${steps === 1 ? "step" : "steps"}${repeated}: half of it is gone after ${half} steps.`,
    );
    const last = y_hat.at(-1).map((value) => value.toFixed(4));
    const slopes = result.gradient.gates.forget.b.map((value) => digits(value));
    outcome.textContent =
      `Last output ŷ = (${last.join(", ")}), loss ${result.loss.toFixed(6)}; gradient in the forget gate's biases ` +
      `(${slopes.join(", ")}), the sum of the bars in cell ${cell + 1}. The candidate k is what may come in: ` +
      (data.tanh_candidate
        ? "a tanh of its weighted sum."
        : "a σ of its weighted sum, as the gates; most LSTMs take tanh.");
    gates.describe(`The gates of cell ${cell + 1}: f ends at ${f.at(-1)[cell].toFixed(3)}`);
    state.describe(`State and output of cell ${cell + 1}: s ends at ${s.at(-1)[cell].toFixed(3)}`);
    gradient.describe(
      `Size of the gradient in cell ${cell + 1}: at step 1 |dL/ds| is ${sizes[0][0][1].toExponential(1)}`,
    );
    shares.describe(
      `What each step adds to the gradient of forget bias ${cell + 1}; the last step ${digits(added.at(-1)[1])}`,
    );
  };

  const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
  const biases = GATES.map((name) =>
    slider({
      label: `bias of the ${BIAS[name]}`,
      min: -6,
      max: 6,
      step: 0.1,
      value: mean(params.gates[name].b),
      format: (value) => value.toFixed(1).replace("-", "−"),
      input: (value) => {
        params.gates[name].b.fill(value);
        show();
      },
    }),
  );
  const length = slider({
    label: "steps",
    min: 1,
    max: LONGEST,
    value: steps,
    input: (value) => {
      steps = value;
      show();
    },
  });
  const cells = choice({
    label: "show",
    options: s0.map((_, i) => [i, `cell ${i + 1}`]),
    value: cell,
    input: (which) => {
      cell = which;
      show();
    },
  });
  const reset = button(`As chosen, ${original.x.length} steps`, () => {
    params = structuredClone(original.params);
    steps = original.x.length;
    length.set(steps);
    GATES.forEach((name, i) => biases[i].set(mean(params.gates[name].b)));
    show();
  });
  const panel = (title, drawn) => div("ex-panel", el("h4", {}, title), drawn.root);

  stage.append(
    div(
      "ex-columns",
      div(
        "ex-controls",
        biases.map((one) => one.root),
      ),
      div("ex-panel", length.root, div("ex-row", cells.root, reset), says.root),
    ),
    div(
      "ex-columns",
      panel("Gates", gates),
      panel("State", state),
      panel("Gradient that reaches each step", gradient),
      panel("Share of each step in ∂L/∂b of the forget gate", shares),
    ),
    outcome,
  );
  show();
}

/** Whole steps for an axis, eight or fewer. */
function stepTicks(steps) {
  const every = Math.ceil(steps / 8);
  return Array.from({ length: Math.floor((steps - 1) / every) + 1 }, (_, i) => 1 + i * every);
}
