// The LSTM cell of equations (10.40)-(10.44) and its gradient unrolled by hand, in float64, as hw3.recurrent.lstm.
//
// Parameters {gates: {forget, input, output, candidate}, c, V}, each gate {b, U, W}.

import { add, outputDerivatives, scale, softmax, sum, sumOfOuter, times, totalLoss, transpose, zeros } from "./rnn.js";

export const GATES = ["forget", "input", "output", "candidate"];

const sigmoid = (a) => (a >= 0 ? 1 / (1 + Math.exp(-a)) : Math.exp(a) / (1 + Math.exp(a)));

const eachGate = (make) => Object.fromEntries(GATES.map((name) => [name, make(name)]));

/** All steps {f, g, q, k, s, h, o, y_hat} of xs, from h0 and s0. */
export function forward(params, xs, { h0, s0, tanh_candidate = false } = {}) {
  const n = params.gates.forget.b.length;
  const run = { f: [], g: [], q: [], k: [], s: [], h: [], o: [], y_hat: [] };
  let h = h0 ?? zeros(n);
  let s = s0 ?? zeros(n);
  for (const x of xs) {
    const a = eachGate((name) => {
      const { b, U, W } = params.gates[name];
      return add(b, times(U, x), times(W, h));
    });
    const [f, g, q] = [a.forget, a.input, a.output].map((values) => values.map(sigmoid));
    const k = a.candidate.map(tanh_candidate ? Math.tanh : sigmoid);
    s = add(scale(f, s), scale(g, k));
    h = scale(s.map(Math.tanh), q);
    const o = add(params.c, times(params.V, h));
    Object.entries({ f, g, q, k, s, h, o, y_hat: softmax(o) }).forEach(([name, value]) => run[name].push(value));
  }
  return run;
}

export const sequenceLoss = (params, xs, loss, options) => totalLoss(forward(params, xs, options).o, loss);

/** Every intermediate of back-propagation through time, as hw3.recurrent.lstm.unroll names them, and the gradient. */
export function unroll(params, xs, loss, options = {}) {
  const n = params.gates.forget.b.length;
  const steps = xs.length;
  const run = forward(params, xs, options);
  const h_before = [options.h0 ?? zeros(n), ...run.h.slice(0, -1)];
  const s_before = [options.s0 ?? zeros(n), ...run.s.slice(0, -1)];
  const through = outputDerivatives(run, loss);
  const dL_do = through.map((step) => step.dL_do);
  const dL_dh_direct = dL_do.map((d) => times(transpose(params.V), d));
  const dh_dq = run.s.map((s) => s.map(Math.tanh));
  const dh_ds = run.q.map((q, t) => q.map((value, i) => value * (1 - dh_dq[t][i] ** 2)));
  const slope = (values) => values.map((v) => v.map((value) => value * (1 - value)));
  const d_da = {
    forget: slope(run.f),
    input: slope(run.g),
    output: slope(run.q),
    candidate: options.tanh_candidate ? run.k.map((k) => k.map((value) => 1 - value * value)) : slope(run.k),
  };
  const dL_dh = [];
  const dL_ds = [];
  const dL_da = eachGate(() => []);
  let h_later = zeros(n);
  let s_later = zeros(n);
  for (let t = steps - 1; t >= 0; t--) {
    dL_dh[t] = add(dL_dh_direct[t], h_later);
    dL_ds[t] = add(scale(dL_dh[t], dh_ds[t]), s_later);
    const before = { forget: s_before[t], input: run.k[t], output: dh_dq[t], candidate: run.g[t] };
    for (const name of GATES) {
      const arriving = name === "output" ? dL_dh[t] : dL_ds[t];
      dL_da[name][t] = scale(scale(arriving, before[name]), d_da[name][t]);
    }
    h_later = sum(GATES.map((name) => times(transpose(params.gates[name].W), dL_da[name][t])));
    s_later = scale(dL_ds[t], run.f[t]);
  }
  return {
    forward: run,
    loss: totalLoss(run.o, loss),
    dL_dy: through.map((step) => step.dL_dy),
    dL_do,
    dL_dh_direct,
    dL_dh,
    dh_dq,
    dh_ds,
    dL_ds,
    ds_df: s_before,
    d_da,
    dL_da,
    gradient: {
      gates: eachGate((name) => ({
        b: sum(dL_da[name]),
        U: sumOfOuter(dL_da[name], xs),
        W: sumOfOuter(dL_da[name], h_before),
      })),
      c: sum(dL_do),
      V: sumOfOuter(dL_do, run.h),
    },
  };
}
