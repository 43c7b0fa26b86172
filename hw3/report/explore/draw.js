// What the explorables share: elements, colours, sliders, grids of pixels that one can point into, bars, spoken text.

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** An HTML element; `on...` attributes are listeners. */
export const el = (tag, attributes = {}, ...children) => build(document.createElement(tag), attributes, children);

/** An SVG element. */
export const svg = (tag, attributes = {}, ...children) =>
  build(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

/** A MathML element. */
export const mathml = (tag, attributes = {}, ...children) =>
  build(document.createElementNS("http://www.w3.org/1998/Math/MathML", tag), attributes, children);

// ------------------------------------------------------------------------------------------------------- data

const ARRAYS = { uint8: Uint8Array, int32: Int32Array, float32: Float32Array, float64: Float64Array };

/** The page's JSON with its arrays, {dtype, shape, base64}, as {shape, data}. */
export function unpack(value) {
  if (Array.isArray(value)) return value.map(unpack);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.base64 === "string") {
    const bytes = Uint8Array.from(atob(value.base64), (letter) => letter.charCodeAt(0));
    return { shape: value.shape, data: new ARRAYS[value.dtype](bytes.buffer) };
  }
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, unpack(field)]));
}

/** Arrays of arrays of numbers of an unpacked array, and of all arrays inside an object. */
export function nested(value) {
  if (value === null || typeof value !== "object") return value;
  if (!value.shape) return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, nested(field)]));
  const cut = (start, [count, ...rest]) => {
    if (count === undefined) return value.data[start];
    const size = rest.reduce((a, b) => a * b, 1);
    return Array.from({ length: count }, (_, i) => cut(start + i * size, rest));
  };
  return cut(0, value.shape);
}

// ----------------------------------------------------------------------------------------------------- colours

// Points of matplotlib's viridis (CC0) and of ColorBrewer's RdBu, between which colours are mixed.
const VIRIDIS = ["440154", "482878", "3e4a89", "31688e", "26828e", "1f9e89", "35b779", "6ece58", "b5de2b", "fde725"];
const BLUE_RED = ["053061", "2166ac", "4393c3", "92c5de", "d1e5f0", "f7f7f7", "fddbc7", "f4a582", "d6604d", "b2182b", "67001f"]; // prettier-ignore
// Paul Tol's "muted" scheme, distinct for the colour-blind, as in hw3.report.style.
const LABELS = ["332288", "88CCEE", "44AA99", "117733", "999933", "DDCC77", "CC6677", "882255", "AA4499", "BBBBBB"];

const rgb = (hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));

function mixer(stops) {
  const colours = stops.map(rgb);
  return (t) => {
    const at = Math.min(Math.max(t, 0), 1) * (colours.length - 1);
    const low = Math.min(Math.floor(at), colours.length - 2);
    return colours[low].map((value, i) => value + (at - low) * (colours[low + 1][i] - value));
  };
}

/** Colours [r, g, b] of t in [0, 1]. */
export const viridis = mixer(VIRIDIS);
export const diverging = mixer(BLUE_RED);
export const grey = (t) => [255 * t, 255 * t, 255 * t];
export const labelColour = (label) => rgb(LABELS[label % LABELS.length]);
export const TRUE_COLOUR = [244, 244, 244]; // of the right label in a map of labels
export const css = (colour) => `rgb(${colour.map(Math.round).join(" ")})`;
const textOn = ([r, g, b]) => (0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#000" : "#fff");

/** A bar that explains a colour map between two numbers. */
export function colourBar(colour, low, high) {
  const stops = Array.from({ length: 11 }, (_, i) => css(colour(i / 10))).join(",");
  const bar = el("span", { class: "ex-scale" });
  bar.style.background = `linear-gradient(to right, ${stops})`;
  return el("div", { class: "ex-colours", "aria-hidden": "true" }, el("span", {}, low), bar, el("span", {}, high));
}

// ------------------------------------------------------------------------------------------------------- words

/** A probability; never rounded to a false 0% or 100%. */
export function percent(p) {
  if (p > 0 && p < 0.001) return "<0.1%";
  if (p < 1 && p > 0.999) return ">99.9%";
  return `${(100 * p).toFixed(1)}%`;
}

export const withArticle = (label) => `${label === 8 ? "an" : "a"} ${label}`;

export const argmax = (values) => values.reduce((best, value, i) => (value > values[best] ? i : best), 0);

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** A sentence that is seen at once and spoken by a screen reader when it has come to rest. */
export function sentence() {
  const seen = el("p", { class: "ex-says", "aria-hidden": "true" });
  const spoken = el("p", { class: "ex-unseen", role: "status" });
  let timer = 0;
  return {
    root: el("div", {}, seen, spoken),
    say(text) {
      seen.textContent = text;
      clearTimeout(timer);
      timer = setTimeout(() => (spoken.textContent = text), 500);
    },
  };
}

// ---------------------------------------------------------------------------------------------------- controls

/** A labelled range; `input(value)` while it moves; `.set(value)` moves it silently. */
export function slider({ label, min, max, step = 1, value, format = String, input }) {
  const range = el("input", { type: "range", min, max, step });
  const output = el("output");
  const show = () => {
    output.textContent = format(range.valueAsNumber);
    range.setAttribute("aria-valuetext", output.textContent);
  };
  const set = (to) => {
    range.value = to;
    show();
  };
  range.addEventListener("input", () => {
    show();
    input(range.valueAsNumber);
  });
  set(value);
  return {
    root: el("label", { class: "ex-slider" }, el("span", {}, label), range, output),
    set,
    limit(highest) {
      range.max = highest;
      show();
    },
    get value() {
      return range.valueAsNumber;
    },
  };
}

export const button = (label, press, attributes = {}) =>
  el("button", { type: "button", class: "ex-button", onclick: press, ...attributes }, label);

/** One of several named values, as a row of buttons; `.set(value)` chooses silently. */
export function choice({ label, options, value, input }) {
  const buttons = options.map(([name, text]) =>
    button(text, () => {
      set(name);
      input(name);
    }),
  );
  const set = (to) => options.forEach(([name], i) => buttons[i].setAttribute("aria-pressed", name === to));
  set(value);
  return { root: el("div", { class: "ex-choice", role: "group", "aria-label": label }, el("span", {}, label), buttons), set };
}

// ------------------------------------------------------------------------------------------------------- grids

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

/** Bars of the probabilities of `classes` classes; `expected` is marked. */
export function bars(classes) {
  const rows = Array.from({ length: classes }, (_, label) => {
    const [fill, value] = [el("span", { class: "ex-fill" }), el("span", { class: "ex-value" })];
    const root = el("div", { class: "ex-bar" }, el("span", {}, label), el("span", { class: "ex-track" }, fill), value);
    return { root, fill, value };
  });
  const root = el("div", { class: "ex-bars", role: "img" }, rows.map((row) => row.root));
  return {
    root,
    show(probabilities, expected) {
      const seen = argmax(probabilities);
      rows.forEach(({ root, fill, value }, label) => {
        fill.style.width = `${100 * probabilities[label]}%`;
        value.textContent = percent(probabilities[label]);
        root.className = `ex-bar${label === seen ? " ex-seen" : ""}${label === expected ? " ex-expected" : ""}`;
      });
      const told = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]).slice(0, 3);
      root.setAttribute(
        "aria-label",
        `Probabilities, highest first: ${told.map((label) => `${label}: ${percent(probabilities[label])}`).join(", ")}`,
      );
    },
  };
}

/** `work` once in the next frame, however often it was asked for. */
export function eachFrame(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      work();
    });
  };
}
