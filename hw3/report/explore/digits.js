// The digits that a reader chooses from, one of them drawn by the reader.

import { grey } from "./colours.js";
import { button, clamp, el, withArticle } from "./draw.js";
import { Grid } from "./grid.js";

/** What the reader drew, for all explorables: `image`, null until then; it dispatches "change". */
export const drawing = Object.assign(new EventTarget(), { image: null });

export function keepDrawing(image) {
  drawing.image = image;
  drawing.dispatchEvent(new Event("change"));
}

/** Image `index` of the page's digits: numbers in [0, 1]. */
export function imageOf(digits, index) {
  const size = digits.images.shape[1] * digits.images.shape[2];
  return Float64Array.from(digits.images.data.subarray(index * size, (index + 1) * size), (value) => value / 255);
}

export function paintDigit(grid, image) {
  grid.paint((i) => grey(clamp(image[i], 0, 1)));
}

function thumbnail(digits, image) {
  const [, rows, cols] = digits.images.shape;
  const grid = new Grid(rows, cols, { label: "" });
  grid.canvas.setAttribute("aria-hidden", "true");
  paintDigit(grid, image);
  return grid;
}

/**
 * A strip of digits. `pick(image, label, index)` is called for each choice; for the drawing, which joins the strip as
 * soon as there is one, with label null and index -1. `only` are the positions shown, all if it is left out.
 */
export function strip(digits, { label, chosen, pick, only = [...digits.labels.data.keys()] }) {
  const buttons = new Map();
  const root = el("div", { class: "ex-strip", role: "group", "aria-label": label });
  const choose = (index) => buttons.forEach((one, at) => one.setAttribute("aria-pressed", at === index));
  const counts = {};
  for (const index of only) {
    const digit = digits.labels.data[index];
    counts[digit] = (counts[digit] ?? 0) + 1;
    const image = imageOf(digits, index);
    buttons.set(
      index,
      button(
        thumbnail(digits, image).root,
        () => {
          choose(index);
          pick(image, digit, index);
        },
        { class: "ex-thumb", "aria-label": `${withArticle(digit)}, number ${counts[digit]}`, "data-index": index },
      ),
    );
  }
  root.append(...buttons.values());
  let drawn = null;
  drawing.addEventListener("change", () => {
    if (!drawn) {
      drawn = thumbnail(digits, drawing.image);
      const press = () => {
        choose(-1);
        pick(drawing.image, null, -1);
      };
      buttons.set(-1, button(drawn.root, press, { class: "ex-thumb", "aria-label": "your drawing", "data-index": -1 }));
      root.prepend(buttons.get(-1));
      buttons.get(-1).setAttribute("aria-pressed", false);
    }
    paintDigit(drawn, drawing.image);
  });
  choose(chosen);
  const show = new ResizeObserver(() => {
    const one = buttons.get(chosen);
    if (!root.clientWidth || !one) return;
    root.scrollLeft = one.offsetLeft - root.offsetLeft - root.clientWidth / 2; // the chosen one is in sight at first
    show.disconnect();
  });
  show.observe(root);
  return { root, choose };
}

/** Adds ink around a point of an image, as a pen of about two pixels does. */
export function ink(image, rows, cols, { row, col }) {
  for (let y = Math.max(0, Math.floor(row - 2)); y <= Math.min(rows - 1, row + 2); y++)
    for (let x = Math.max(0, Math.floor(col - 2)); x <= Math.min(cols - 1, col + 2); x++) {
      const strength = clamp(1.9 - Math.hypot(y + 0.5 - row, x + 0.5 - col), 0, 1);
      image[y * cols + x] = Math.max(image[y * cols + x], strength);
    }
}

/** The image moved by whole pixels so that the centre of its ink lies in the middle, as MNIST's digits lie. */
export function centred(image, rows, cols) {
  let [total, down, right] = [0, 0, 0];
  image.forEach((value, i) => {
    total += value;
    down += value * (Math.floor(i / cols) + 0.5);
    right += value * ((i % cols) + 0.5);
  });
  if (!total) return image;
  const [dy, dx] = [Math.round(rows / 2 - down / total), Math.round(cols / 2 - right / total)];
  return image.map((_, i) => {
    const [y, x] = [Math.floor(i / cols) - dy, (i % cols) - dx];
    return y >= 0 && y < rows && x >= 0 && x < cols ? image[y * cols + x] : 0;
  });
}
