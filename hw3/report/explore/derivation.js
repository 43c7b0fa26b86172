// The lines of the derivation: each quantity of a step with its formula, its numbers and its value.

import {
  at,
  bold,
  fraction,
  line,
  name,
  number,
  op,
  partial,
  row,
  squared,
  sub,
  sup,
  text,
  transposed,
} from "./formula.js";
import { counted, identity, outer, stepLoss, sum, transpose } from "./rnn.js";

const y = (step) => at("ŷ", step);
const dL = (bottom) => partial(name("L"), bottom);
const plus = (parts) => parts.flatMap((part, i) => (i ? ["+", part] : [part]));
const added = (parameter) => row(text("in\u00a0"), dL(name(parameter)));

/** Forward, step t: (10.8)-(10.11), and the derivatives that go forwards through the bias. */
export function forwardLines({ params, xs, result }, t) {
  const { b, c, W, U, V } = params;
  const { forward, before, dh_da, da_db, dh_db, dh_dh } = result;
  const [now, last] = [t + 1, t];
  const earlier = t ? dh_db[t - 1] : W.map((line) => line.map(() => 0));
  return [
    line(
      at("a", now),
      [name("b"), "+", name("W"), at("h", last), "+", name("U"), at("x", now)],
      [b, "+", W, before[t], "+", U, xs[t]],
      [forward.a[t]],
    ),
    line(at("h", now), [name("tanh"), "(", at("a", now), ")"], [forward.h[t]]),
    line(at("o", now), [name("c"), "+", name("V"), at("h", now)], [c, "+", V, forward.h[t]], [forward.o[t]]),
    line(y(now), [name("softmax"), "(", at("o", now), ")"], [forward.y_hat[t]]),
    line(partial(at("h", now), at("a", now)), [name("1"), "−", squared(at("h", now))], [dh_da[t]]),
    line(
      partial(at("a", now), name("b")),
      [bold("I"), "+", name("W"), partial(at("h", last), name("b"))],
      [identity(b.length), "+", W, earlier],
      [da_db[t]],
    ),
    line(
      partial(at("h", now), name("b")),
      [name("diag"), "(", partial(at("h", now), at("a", now)), ")", partial(at("a", now), name("b"))],
      [dh_db[t]],
    ),
    line(
      partial(at("h", now), at("h", last)),
      [name("diag"), "(", partial(at("h", now), at("a", now)), ")", name("W")],
      [dh_dh[t]],
    ),
  ];
}

/** The loss, term by term. */
export function lossLines({ xs, loss, result }) {
  const { forward } = result;
  const entry = (t, k) => sub(y(t + 1), number(k + 1));
  const steps = xs.map((_, t) => t).filter((t) => counted(t, xs.length, loss));
  const terms = steps.map((t) =>
    line(
      at("L", t + 1),
      [
        squared(row(entry(t, loss.squared), op("−"), fraction(number(1), number(2)))),
        "−",
        name("log"),
        entry(t, loss.logged),
      ],
      [
        squared(row(number(forward.y_hat[t][loss.squared]), op("−"), number(0.5))),
        "−",
        name("log"),
        forward.y_hat[t][loss.logged],
      ],
      [stepLoss(forward.o[t], loss)],
    ),
  );
  const total = line(name("L"), plus(steps.map((t) => at("L", t + 1))), [result.loss]);
  return [...terms, total];
}

/** Backward, step t: (10.17)-(10.28) of the book with this loss, and what the step adds to each gradient. */
export function backwardLines({ params, xs, loss, result }, t) {
  const { W, V } = params;
  const { before, dL_dy, dy_do, dL_do, dL_dh, dL_da, dh_da, dL_dh_direct, forward } = result;
  const [steps, now, next] = [xs.length, t + 1, t + 2];
  const last = t === steps - 1;
  const lines = [];
  if (counted(t, steps, loss))
    lines.push(
      line(
        dL(y(now)),
        [
          name("2"),
          "(",
          sub(y(now), number(loss.squared + 1)),
          "−",
          fraction(number(1), number(2)),
          ")",
          sub(bold("e"), number(loss.squared + 1)),
          "−",
          fraction(sub(bold("e"), number(loss.logged + 1)), sub(y(now), number(loss.logged + 1))),
        ],
        [dL_dy[t]],
      ),
      line(
        partial(y(now), at("o", now)),
        [name("diag"), "(", y(now), ")", "−", y(now), transposed(y(now))],
        [dy_do[t]],
      ),
      line(
        dL(at("o", now)),
        [transposed(row(op("("), partial(y(now), at("o", now)), op(")"))), dL(y(now))],
        [dL_do[t]],
      ),
    );
  else lines.push(line(dL(at("o", now)), [dL_do[t]]));
  lines.push(
    last
      ? line(dL(at("h", now)), [transposed(name("V")), dL(at("o", now))], [transpose(V), dL_do[t]], [dL_dh[t]])
      : line(
          dL(at("h", now)),
          [transposed(name("V")), dL(at("o", now)), "+", transposed(name("W")), dL(at("a", next))],
          [dL_dh_direct[t], "+", transpose(W), dL_da[t + 1]],
          [dL_dh[t]],
        ),
    line(
      dL(at("a", now)),
      [row(op("("), name("1"), op("−"), squared(at("h", now)), op(")")), "⊙", dL(at("h", now))],
      [dh_da[t], "⊙", dL_dh[t]],
      [dL_da[t]],
    ),
    line(added("b"), [dL(at("a", now))], [dL_da[t]]),
    line(added("W"), [dL(at("a", now)), transposed(at("h", t))], [outer(dL_da[t], before[t])]),
    line(added("U"), [dL(at("a", now)), transposed(at("x", now))], [outer(dL_da[t], xs[t])]),
    line(added("V"), [dL(at("o", now)), transposed(at("h", now))], [outer(dL_do[t], forward.h[t])]),
  );
  return lines;
}

/** The gradient: the sums of what every step adds; that of b also forwards, through each output's own term of L. */
export function gradientLines({ xs, loss, result }) {
  const { gradient, dL_da, dL_da_direct, da_db, dL_db_direct } = result;
  const own = (t) => partial(at("L", t), at("a", t));
  const steps = xs.map((_, t) => t).filter((t) => counted(t, xs.length, loss));
  const sumOf = (part) => [sub(op("∑"), "t"), part];
  return [
    line(dL(name("b")), sumOf(dL(at("a", "t"))), plus(dL_da), [gradient.b]),
    ...steps.map((t) =>
      line(
        partial(at("L", t + 1), name("b")),
        [transposed(row(op("("), partial(at("a", t + 1), name("b")), op(")"))), own(t + 1)],
        [transpose(da_db[t]), dL_da_direct[t]],
        [dL_db_direct[t]],
      ),
    ),
    line(dL(name("b")), plus(steps.map((t) => partial(at("L", t + 1), name("b")))), [
      sum(steps.map((t) => dL_db_direct[t])),
    ]),
    line(dL(name("c")), sumOf(dL(at("o", "t"))), [gradient.c]),
    line(dL(name("W")), sumOf(row(dL(at("a", "t")), transposed(at("h", "t−1")))), [gradient.W]),
    line(dL(name("U")), sumOf(row(dL(at("a", "t")), transposed(at("x", "t")))), [gradient.U]),
    line(dL(name("V")), sumOf(row(dL(at("o", "t")), transposed(at("h", "t")))), [gradient.V]),
  ];
}
