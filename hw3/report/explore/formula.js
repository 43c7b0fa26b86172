// Formulas with the numbers under the symbols, as MathML.

import { mathml } from "./draw.js";

/** A number for a formula: four digits, a proper minus. */
export function digits(value) {
  if (value === 0) return "0";
  if (Number.isInteger(value) && Math.abs(value) < 1e4) return String(value).replace("-", "−");
  const size = Math.abs(value);
  const text = size >= 1e-3 && size < 1e4 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
  return text.replaceAll("-", "−");
}

/** As many digits as a person compares. */
export function exact(value) {
  const tiny = Math.abs(value) < 1e-3 && value !== 0;
  return (tiny ? value.toExponential(7) : value.toPrecision(9)).replaceAll("-", "−");
}

export const row = (...parts) => mathml("mrow", {}, parts);
export const name = (text) => mathml("mi", { mathvariant: text.length > 1 ? "normal" : null }, text);
export const bold = (text) => mathml("mi", { mathvariant: "bold" }, text);
export const op = (text) => mathml("mo", {}, text);
export const number = (value) => mathml("mn", {}, digits(value));
export const sub = (base, index) => mathml("msub", {}, base, typeof index === "string" ? name(index) : index);
export const sup = (base, exponent) => mathml("msup", {}, base, exponent);
export const transposed = (base) => sup(base, op("⊤"));
export const fraction = (top, bottom) => mathml("mfrac", {}, top, bottom);
export const text = (words) => mathml("mtext", {}, words);
export const squared = (base) => row(op("("), base, sup(op(")"), number(2)));

/** A symbol at step t, as h^(2). */
export const at = (base, step) =>
  sup(typeof base === "string" ? name(base) : base, row(op("("), mathml("mn", {}, step), op(")")));

/** A partial derivative. */
export const partial = (top, bottom) => fraction(row(op("∂"), top), row(op("∂"), bottom));

/** A column vector or a matrix; the style sheet draws the brackets, which grow without a mathematical font. */
export function matrix(values) {
  const rows = values.map((line) => (Array.isArray(line) ? line : [line]));
  return mathml(
    "mtable",
    {},
    rows.map((line) =>
      mathml(
        "mtr",
        {},
        line.map((value) => mathml("mtd", {}, number(value))),
      ),
    ),
  );
}

/** What stands in a formula: a number, a vector or matrix, an operator, or MathML already. */
function shown(part) {
  if (typeof part === "number") return number(part);
  if (typeof part === "string") return op(part);
  return Array.isArray(part) ? matrix(part) : part;
}

/**
 * One line: a quantity, then what it equals, in pieces that may wrap: the symbols, the numbers, the result. Strings in
 * a piece are operators; arrays are vectors and matrices.
 */
export function line(quantity, ...pieces) {
  const box = document.createElement("div");
  box.className = "ex-line";
  const math = (...parts) => box.append(mathml("math", {}, row(...parts)));
  math(quantity);
  for (const piece of pieces) math(op("="), ...piece.map(shown));
  return box;
}
