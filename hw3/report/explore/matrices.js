// Fields for the numbers of vectors and matrices, in brackets.

import { div, el } from "./draw.js";

/**
 * Fields for `values`, an array of numbers (a column) or of rows, which are changed in place, then `changed()` is told.
 * A field that holds no number is marked and its value left as it was.
 */
export function fields(symbol, values, changed) {
  const columns = Array.isArray(values[0]) ? values[0].length : 1;
  const one = (holder, key, where) => {
    const input = el("input", { type: "number", step: "any", "aria-label": `${symbol} ${where}` });
    input.value = holder[key];
    input.addEventListener("input", () => {
      const valid = Number.isFinite(input.valueAsNumber);
      input.setAttribute("aria-invalid", !valid);
      if (!valid) return;
      holder[key] = input.valueAsNumber;
      changed();
    });
    return input;
  };
  const inputs = values.map((entry, i) =>
    Array.isArray(entry)
      ? entry.map((_, j) => one(entry, j, `row ${i + 1} column ${j + 1}`))
      : one(values, i, `entry ${i + 1}`),
  );
  const grid = div("ex-fields", inputs.flat());
  grid.style.gridTemplateColumns = `repeat(${columns}, minmax(3.1rem, 4.4rem))`;
  return el(
    "div",
    { class: "ex-matrix", role: "group", "aria-label": symbol },
    el("span", { class: "ex-symbol" }, symbol),
    grid,
  );
}
