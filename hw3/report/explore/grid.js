// Pictures of pixels and maps of places, that one can point into and move about in by keys.

import { css, textOn } from "./colours.js";
import { clamp, el } from "./draw.js";

/** A canvas of rows x cols square cells that can be painted, written into, marked and pointed into. */
export class Grid {
  constructor(rows, cols, { label, cell = 1, className = "" }) {
    this.cell = cell;
    this.canvas = el("canvas", { role: "img", class: cell === 1 ? "ex-pixels" : "ex-cells" });
    this.root = el("div", { class: `ex-grid ${className}` }, this.canvas);
    this.marks = {};
    this.describe(label);
    this.resize(rows, cols);
  }

  describe(label) {
    this.canvas.setAttribute("aria-label", label);
  }

  resize(rows, cols) {
    [this.rows, this.cols] = [rows, cols];
    [this.canvas.width, this.canvas.height] = [cols * this.cell, rows * this.cell];
    this.root.style.aspectRatio = `${cols} / ${rows}`;
  }

  /** Fills each cell with the colour of its number (row * cols + col); none where that is null. */
  paint(colourOf) {
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (this.cell === 1) {
      const picture = context.createImageData(this.cols, this.rows);
      for (let i = 0; i < this.rows * this.cols; i++) {
        const colour = colourOf(i);
        if (colour) picture.data.set([...colour.map(Math.round), 255], 4 * i);
      }
      context.putImageData(picture, 0, 0);
      return;
    }
    for (let i = 0; i < this.rows * this.cols; i++) {
      const colour = colourOf(i);
      if (!colour) continue;
      context.fillStyle = css(colour);
      context.fillRect((i % this.cols) * this.cell, Math.floor(i / this.cols) * this.cell, this.cell, this.cell);
    }
  }

  /** Paints with `colourOf` and writes the text of each cell; faintly where `faint(i)`. */
  write(colourOf, textOf, faint) {
    this.paint(colourOf);
    const context = this.canvas.getContext("2d");
    context.font = `${Math.round(0.72 * this.cell)}px sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (let i = 0; i < this.rows * this.cols; i++) {
      const colour = colourOf(i);
      if (!colour) continue;
      context.fillStyle = faint(i) ? "#8a8a8a" : textOn(colour);
      context.fillText(textOf(i), ((i % this.cols) + 0.5) * this.cell, (Math.floor(i / this.cols) + 0.55) * this.cell);
    }
  }

  /** Outlines a rectangle of cells {row, col, height, width}, one for each name; none if it is null. */
  mark(name, rectangle) {
    this.marks[name] ??= this.root.appendChild(el("div", { class: `ex-mark ex-mark-${name}` }));
    const mark = this.marks[name];
    mark.hidden = !rectangle;
    if (!rectangle) return;
    const { row, col, height = 1, width = 1 } = rectangle;
    Object.assign(mark.style, {
      left: `${(100 * col) / this.cols}%`,
      top: `${(100 * row) / this.rows}%`,
      width: `${(100 * width) / this.cols}%`,
      height: `${(100 * height) / this.rows}%`,
    });
  }

  /**
   * Calls `point({row, col, first, pressed})` with fractions of cells: while a pointer is pressed, also where it leaves
   * the canvas; and with `hover` while it only passes.
   */
  onPoint(point, { hover = false } = {}) {
    const tell = (event, first) => {
      const box = this.canvas.getBoundingClientRect();
      point({
        row: ((event.clientY - box.top) / box.height) * this.rows,
        col: ((event.clientX - box.left) / box.width) * this.cols,
        first,
        pressed: event.buttons > 0,
      });
    };
    if (!hover) this.canvas.style.touchAction = "none"; // a finger drags here and does not scroll
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      tell(event, true);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (event.buttons > 0 || hover) tell(event, false);
    });
  }

  /** Makes the canvas focusable: `move(rows, cols)` for arrow keys (by 4 with shift), `press(key)` for any other. */
  onKeys(move, press = () => false) {
    this.canvas.tabIndex = 0;
    const arrows = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    this.canvas.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 4 : 1;
      if (arrows[event.key]) move(...arrows[event.key].map((way) => way * step));
      else if (!press(event.key)) return;
      event.preventDefault();
    });
  }
}

/** Whole cells of a point in a grid. */
export const cellOf = (grid, { row, col }) => [
  clamp(Math.floor(row), 0, grid.rows - 1),
  clamp(Math.floor(col), 0, grid.cols - 1),
];

/** A rectangle of a grid moved so that it lies inside. */
export const inside = (rectangle, rows, cols) => ({
  ...rectangle,
  row: clamp(Math.round(rectangle.row), 0, rows - rectangle.height),
  col: clamp(Math.round(rectangle.col), 0, cols - rectangle.width),
});
