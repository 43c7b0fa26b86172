// Explorable 6: long sequences, measured beforehand: gradients against the lag, the memory of an echo state network.

import { nested } from "./data.js";
import { div, el, sentence, slider } from "./draw.js";
import { chart } from "./chart.js";

export const TASK =
  "Move a slider: where does the gradient vanish, hold or explode, and how far back is the input remembered?";

const DECADES = [-20, 10]; // of the norms that are drawn
const TEN = Math.log(10);

export function mount(stage, data) {
  const lags = nested(data.lags);
  const delays = nested(data.delays);
  stage.append(
    div(
      "ex-columns",
      flowPanel("RNN: the spectral radius of W", "spectral radius", nested(data.rnn), lags, "h"),
      flowPanel("LSTM: the bias of the forget gate", "forget bias", nested(data.lstm), lags, "(h, s)"),
    ),
    memoryPanel(nested(data.memory), delays, data.units, data.forgetting),
  );
}

const nearest = (values, wanted) =>
  values.reduce((best, value, i) => (Math.abs(value - wanted) < Math.abs(values[best] - wanted) ? i : best), 0);

/** A slider over the settings, and what `show(index)` makes of each. */
function settingSlider(label, settings, wanted, show) {
  const control = slider({
    label,
    min: 0,
    max: settings.length - 1,
    value: nearest(settings, wanted),
    format: (i) => String(settings[i]).replace("-", "−"),
    input: show,
  });
  show(control.value);
  return control.root;
}

const zip = (xs, ys) => xs.map((x, i) => [x, ys[i]]);

/** What became of a gradient, from the logarithm of how much of it is left. */
function fate(log) {
  const power = Math.round(log / TEN);
  if (Math.abs(log / TEN) < 1) return `${Math.exp(log).toPrecision(2)} of it is left`;
  return power < 0 ? `10${superscript(power)} of it is left` : `it has grown 10${superscript(power)} times`;
}
const superscript = (value) =>
  [...String(value)].map((letter) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(letter)]).join("");

function flowPanel(title, name, curves, lags, state) {
  const says = sentence();
  const picture = chart({ label: title, height: 280 });
  const drawn = lags.map((lag, i) => [lag, i]).filter(([lag]) => lag >= 1);
  const points = (values) => drawn.map(([lag, i]) => [lag, values[i] / TEN]);
  const show = (index) => {
    const setting = curves.settings[index];
    const chosen = points(curves.median[index]);
    picture.draw({
      x: { label: "steps back (T − t)", min: 1, max: drawn.at(-1)[0], log: true },
      y: {
        label: `size of ∂${state}⁽ᵀ⁾/∂${state}⁽ᵗ⁾`,
        min: DECADES[0],
        max: DECADES[1],
        format: (p) => `10${superscript(p)}`,
        ticks: [-20, -15, -10, -5, 0, 5, 10],
      },
      bands: [
        {
          points: drawn.map(([lag, i]) => [lag, curves.low[index][i] / TEN, curves.high[index][i] / TEN]),
          colour: "var(--ex-2)",
        },
      ],
      lines: [
        ...curves.median.map((values) => ({ points: points(values), colour: "var(--muted)", width: 1, faint: true })),
        { points: chosen, colour: "var(--ex-2)", width: 3 },
      ],
      rules: [{ y: 0, text: "neither grows nor shrinks" }],
    });
    const hundred =
      drawn[
        nearest(
          drawn.map(([lag]) => lag),
          100,
        )
      ];
    const after = [hundred, drawn.at(-1)].map(
      ([lag, i]) => `after ${lag.toLocaleString("en")} steps ${fate(curves.median[index][i])}`,
    );
    const words = `The gradient at ${name} ${String(setting).replace("-", "−")}: ${after.join(", ")}.`;
    says.say(words);
    picture.describe(`${title}. ${words}`);
  };
  const control = settingSlider(name, curves.settings, 1, show);
  return div("ex-panel", el("h4", {}, title), control, picture.root, says.root);
}

function memoryPanel(curves, delays, units, forgetting) {
  const says = sentence();
  const byDelay = chart({ label: "Memory by delay", height: 240 });
  const byRadius = chart({ label: "Memory capacity by spectral radius", height: 240 });
  const capacity = curves.median.map((values) => values.reduce((a, b) => a + b, 0));
  const { settings } = curves;
  const show = (index) => {
    byDelay.draw({
      x: { label: "steps back", min: 1, max: delays.at(-1) },
      y: { label: "share remembered", min: 0, max: 1 },
      bands: [
        { points: delays.map((k, i) => [k, curves.low[index][i], curves.high[index][i]]), colour: "var(--ex-3)" },
      ],
      lines: [
        ...curves.median.map((values) => ({
          points: zip(delays, values),
          colour: "var(--muted)",
          width: 1,
          faint: true,
        })),
        { points: zip(delays, curves.median[index]), colour: "var(--ex-3)", width: 3 },
      ],
    });
    byRadius.draw({
      x: { label: "spectral radius", min: settings[0], max: Math.max(settings.at(-1), forgetting) },
      y: { label: "steps remembered", min: 0, max: 1.15 * Math.max(...capacity) },
      lines: [{ points: zip(settings, capacity), colour: "var(--ex-3)" }],
      rules: [{ x: forgetting, text: "forgets its start up to here" }],
      dots: [{ x: settings[index], y: capacity[index], colour: "var(--ex-2)" }],
    });
    const half = delays.filter((_, i) => curves.median[index][i] >= 0.5).length;
    const words =
      `At spectral radius ${settings[index]} an echo state network of ${units} units remembers about ` +
      `${capacity[index].toFixed(1)} steps in all (at most ${units} are possible); more than half of the input ` +
      `${half} steps back.`;
    says.say(words);
    byRadius.describe(`Memory capacity by spectral radius. ${words}`);
    byDelay.describe(`Share of the input remembered by delay. ${words}`);
  };
  const control = settingSlider("spectral radius", settings, 0.9, show);
  return div(
    "ex-panel",
    el("h4", {}, "Echo state network: what its state remembers of the input"),
    control,
    div("ex-columns", byDelay.root, byRadius.root),
    says.root,
  );
}
