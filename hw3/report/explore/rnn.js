// The recurrent network of equations (10.8)-(10.11) and its gradient unrolled by hand in float64: hw3.recurrent.rnn.
//
// Vectors are arrays, matrices arrays of rows; parameters {b, c, W, U, V}. A loss {squared, logged, every_step} is
// (y_hat[squared] - 0.5)^2 - log(y_hat[logged]) of the last step, or summed over every step.

export const dot = (u, v) => u.reduce((sum, value, i) => sum + value * v[i], 0);
export const times = (M, v) => M.map((row) => dot(row, v));
export const transpose = (M) => M[0].map((_, j) => M.map((row) => row[j]));
export const add = (...vectors) => vectors[0].map((_, i) => vectors.reduce((sum, v) => sum + v[i], 0));
export const scale = (u, v) => u.map((value, i) => value * v[i]);
export const outer = (u, v) => u.map((value) => v.map((other) => value * other));
export const addMatrices = (A, B) => A.map((row, i) => add(row, B[i]));
export const product = (A, B) => A.map((row) => times(transpose(B), row));
export const identity = (n) =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
export const zeros = (n) => new Array(n).fill(0);

export const softmax = (o) => logSoftmax(o).map(Math.exp);

function logSoftmax(o) {
  const highest = Math.max(...o);
  const log = Math.log(o.reduce((sum, value) => sum + Math.exp(value - highest), 0));
  return o.map((value) => value - highest - log);
}

/** The loss of one step's output o. */
export function stepLoss(o, loss) {
  const logs = logSoftmax(o);
  return (Math.exp(logs[loss.squared]) - 0.5) ** 2 - logs[loss.logged];
}

/** Whether step t, counted from 0, of `steps` is in the loss. */
export const counted = (t, steps, loss) => loss.every_step || t === steps - 1;

export const totalLoss = (outputs, loss) =>
  outputs.reduce((sum, o, t) => sum + (counted(t, outputs.length, loss) ? stepLoss(o, loss) : 0), 0);

/** All steps {a, h, o, y_hat} of xs. */
export function forward({ b, c, W, U, V }, xs, h0 = zeros(b.length)) {
  const run = { a: [], h: [], o: [], y_hat: [] };
  let h = h0;
  for (const x of xs) {
    const a = add(b, times(W, h), times(U, x));
    h = a.map(Math.tanh);
    const o = add(c, times(V, h));
    run.a.push(a);
    run.h.push(h);
    run.o.push(o);
    run.y_hat.push(softmax(o));
  }
  return run;
}

export const sequenceLoss = (params, xs, loss, h0) => totalLoss(forward(params, xs, h0).o, loss);

/** {dL_dy, dy_do, dL_do} of one step in the loss, from its y_hat; no digit is lost where the softmax saturates. */
export function throughSoftmax(y, loss) {
  const slope = 2 * (y[loss.squared] - 0.5);
  const lessOutput = (k) => {
    const others = y.reduce((sum, value, i) => (i === k ? sum : sum + value), 0);
    return y.map((value, i) => (i === k ? others : -value)); // e_k - y
  };
  const squared = lessOutput(loss.squared);
  const logged = lessOutput(loss.logged);
  return {
    dL_dy: y.map((value, i) => (i === loss.squared ? slope : 0) - (i === loss.logged ? 1 / value : 0)),
    dL_do: y.map((_, i) => slope * y[loss.squared] * squared[i] - logged[i]),
  };
}

export const softmaxJacobian = (y) => y.map((u, i) => y.map((v, j) => u * ((i === j ? 1 : 0) - v)));

/** dL/dy and dL/do of every step, zero where a step is not in the loss. */
export function outputDerivatives(run, loss) {
  const steps = run.o.length;
  const none = zeros(run.o[0].length);
  return run.y_hat.map((y, t) => (counted(t, steps, loss) ? throughSoftmax(y, loss) : { dL_dy: none, dL_do: none }));
}

/** Every intermediate of back-propagation through time, as hw3.recurrent.rnn.unroll names them, and the gradient. */
export function unroll(params, xs, loss, h0 = zeros(params.b.length)) {
  const { W, V } = params;
  const run = forward(params, xs, h0);
  const steps = xs.length;
  const before = [h0, ...run.h.slice(0, -1)];
  const through = outputDerivatives(run, loss);
  const dL_do = through.map((step) => step.dL_do);
  const dL_dh_direct = dL_do.map((d) => times(transpose(V), d));
  const dh_da = run.h.map((h) => h.map((value) => 1 - value * value));
  const dL_dh = [];
  const dL_da = [];
  let next = zeros(params.b.length);
  for (let t = steps - 1; t >= 0; t--) {
    dL_dh[t] = add(dL_dh_direct[t], times(transpose(W), next));
    next = dL_da[t] = scale(dL_dh[t], dh_da[t]);
  }
  const da_db = [];
  const dh_db = [];
  let earlier = identity(params.b.length).map((row) => row.map(() => 0));
  for (let t = 0; t < steps; t++) {
    da_db[t] = addMatrices(identity(params.b.length), product(W, earlier));
    earlier = dh_db[t] = da_db[t].map((row, i) => row.map((value) => value * dh_da[t][i]));
  }
  const dL_da_direct = dL_dh_direct.map((d, t) => scale(d, dh_da[t]));
  return {
    forward: run,
    before,
    loss: totalLoss(run.o, loss),
    dL_dy: through.map((step) => step.dL_dy),
    dy_do: run.y_hat.map(softmaxJacobian),
    dL_do,
    dL_dh_direct,
    dh_da,
    dL_da_direct,
    da_db,
    dh_db,
    dL_db_direct: dL_da_direct.map((d, t) => times(transpose(da_db[t]), d)),
    dh_dh: dh_da.map((slopes) => W.map((row, i) => row.map((value) => value * slopes[i]))),
    dL_dh,
    dL_da,
    gradient: {
      b: sum(dL_da),
      c: sum(dL_do),
      W: sumOfOuter(dL_da, before),
      U: sumOfOuter(dL_da, xs),
      V: sumOfOuter(dL_do, run.h),
    },
  };
}

export const sum = (vectors) => add(...vectors);
export const sumOfOuter = (us, vs) => us.map((u, t) => outer(u, vs[t])).reduce(addMatrices);

/** (f(p + epsilon) - f(p - epsilon)) / (2 epsilon) for every number p in `point`, shaped like it. */
export function centralDifferences(f, point, epsilon) {
  const moved = structuredClone(point);
  const along = (holder) => {
    const slopes = Array.isArray(holder) ? [] : {};
    for (const key of Object.keys(holder)) {
      const value = holder[key];
      if (typeof value === "object") {
        slopes[key] = along(value);
        continue;
      }
      holder[key] = value + epsilon;
      const above = f(moved);
      holder[key] = value - epsilon;
      slopes[key] = (above - f(moved)) / (2 * epsilon);
      holder[key] = value;
    }
    return slopes;
  };
  return along(moved);
}

/** point - rate * gradient, for nested arrays and objects of one shape. */
export function descend(point, gradient, rate) {
  if (typeof point === "number") return point - rate * gradient;
  if (Array.isArray(point)) return point.map((value, i) => descend(value, gradient[i], rate));
  return Object.fromEntries(Object.entries(point).map(([key, value]) => [key, descend(value, gradient[key], rate)]));
}
