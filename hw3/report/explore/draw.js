// What the explorables share: elements, sliders and buttons, bars of probabilities, numbers in words, spoken text.

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

/** A block of a class, which is how the explorables lay themselves out. */
export const div = (name, ...children) => el("div", { class: name }, children);

/** A block that scrolls sideways where it is too wide, also by keys. */
export const scroller = (name, label) => el("div", { class: name, tabindex: 0, role: "group", "aria-label": label });

/** An SVG element. */
export const svg = (tag, attributes = {}, ...children) =>
  build(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

/** A MathML element. */
export const mathml = (tag, attributes = {}, ...children) =>
  build(document.createElementNS("http://www.w3.org/1998/Math/MathML", tag), attributes, children);

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
  return {
    root: el("div", { class: "ex-choice", role: "group", "aria-label": label }, el("span", {}, label), buttons),
    set,
  };
}

/** Bars of the probabilities of `classes` classes; `expected` is marked. */
export function bars(classes) {
  const rows = Array.from({ length: classes }, (_, label) => {
    const [fill, value] = [el("span", { class: "ex-fill" }), el("span", { class: "ex-value" })];
    const root = el("div", { class: "ex-bar" }, el("span", {}, label), el("span", { class: "ex-track" }, fill), value);
    return { root, fill, value };
  });
  const root = el(
    "div",
    { class: "ex-bars", role: "img" },
    rows.map((row) => row.root),
  );
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
