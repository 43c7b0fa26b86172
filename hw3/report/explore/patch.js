// Explorable 1: a patch over a digit; the network's probabilities at once, and the maps of every place of the patch.

import { TRUE_COLOUR, colourBar, labelColour, viridis } from "./colours.js";
import { argmax, bars, button, choice, div, eachFrame, el, percent, sentence, slider, withArticle } from "./draw.js";
import { Grid, cellOf, inside } from "./grid.js";
import { centred, imageOf, ink, keepDrawing, paintDigit, strip } from "./digits.js";
import { covered, forward, withPatch } from "./network.js";

export const TASK = "Drag the square over the digit: what must the network see? Or draw a digit of your own.";

export function mount(stage, data, { network, digits, sweeper }) {
  const [rows, cols] = network.image;
  const classes = network.layers.at(-1).channels;
  let image = imageOf(digits, data.digit);
  let label = digits.labels.data[data.digit]; // of the digit, or what the network sees in a drawing
  let known = forward(network, image);
  let patch = { row: 10, col: 10, height: data.side, width: data.side };
  let shade = data.grey;
  let mode = "move";
  let map = []; // probabilities of each position, as far as they are known
  const pen = { row: rows / 2, col: cols / 2 };

  const says = sentence();
  const bar = bars(classes);
  const picture = new Grid(rows, cols, { label: "", className: "ex-main" });
  const options = { cell: 16, className: "ex-map" };
  const maps = {
    true: new Grid(1, 1, { ...options, cell: 1, label: "" }),
    highest: new Grid(1, 1, { ...options, cell: 1, label: "" }),
    labels: new Grid(1, 1, { ...options, label: "" }),
  };
  const trueName = el("h4");
  const stays = el("p", { class: "ex-note" });

  const place = { row: null, col: null };
  const moveTo = (row, col) => {
    patch = inside({ ...patch, row, col }, rows, cols);
    place.row.set(patch.row);
    place.col.set(patch.col);
    show();
  };
  const side = slider({
    label: "side of the patch",
    min: 1,
    max: Math.min(rows, cols),
    value: data.side,
    format: (value) => `${value} px`,
    input: (value) => {
      const { row, col, height } = patch;
      patch = { ...patch, height: value, width: value };
      moveTo(row + (height - value) / 2, col + (height - value) / 2); // keeps its middle
      place.row.limit(rows - value);
      place.col.limit(cols - value);
      sweepAgain();
    },
  });
  const grey = slider({
    label: "its grey",
    min: 0,
    max: 1,
    step: 0.05,
    value: data.grey,
    format: (value) => (value === 0 ? "black" : value === 1 ? "white" : value.toFixed(2)),
    input: (value) => {
      shade = value;
      show();
      sweepAgain();
    },
  });
  for (const [name, limit] of [
    ["row", rows],
    ["col", cols],
  ])
    place[name] = slider({
      label: name === "row" ? "its top row" : "its left column",
      min: 0,
      max: limit - data.side,
      value: patch[name],
      input: () => moveTo(place.row.value, place.col.value),
    });

  const show = eachFrame(() => {
    const drawn = mode === "draw";
    paintDigit(picture, drawn ? image : covered(network, image, patch, shade));
    picture.mark("patch", drawn ? null : patch);
    picture.mark("pen", drawn ? { row: Math.floor(pen.row), col: Math.floor(pen.col) } : null);
    for (const grid of Object.values(maps)) grid.mark("patch", drawn ? null : { row: patch.row, col: patch.col });
    const { probabilities } = drawn ? known : withPatch(network, known, patch, shade);
    const seen = argmax(probabilities);
    const clean = argmax(known.probabilities);
    bar.show(probabilities, label);
    const sees = `${withArticle(seen)} (${percent(probabilities[seen])})`;
    says.say(
      drawn
        ? `The network sees ${sees} in your drawing.`
        : `The network sees ${sees}${seen === clean ? "" : `, no longer ${withArticle(clean)}`}.`,
    );
    picture.describe(
      drawn
        ? "Your drawing; arrow keys move the pen, space draws"
        : `${withArticle(label)} under a patch at row ${patch.row}, column ${patch.col}; arrow keys move the patch`,
    );
  });

  const showMaps = eachFrame(() => {
    const [down, across] = [rows - patch.height + 1, cols - patch.width + 1];
    maps.true.paint((i) => map[i] && viridis(map[i][label]));
    maps.highest.paint((i) => map[i] && viridis(Math.max(...map[i])));
    const seen = map.map((probabilities) => probabilities && argmax(probabilities));
    maps.labels.write(
      (i) => (map[i] ? (seen[i] === label ? TRUE_COLOUR : labelColour(seen[i])) : null),
      (i) => seen[i],
      (i) => seen[i] === label,
    );
    const done = seen.filter((value) => value !== undefined);
    const right = done.filter((value) => value === label).length;
    const lowest = Math.min(1, ...map.filter(Boolean).map((probabilities) => probabilities[label]));
    trueName.textContent = `Probability of ${withArticle(label)}`;
    const whole = done.length === down * across;
    stays.textContent = whole
      ? `At ${right} of ${done.length} places of the patch (${percent(right / done.length)}) the network still sees ` +
        `${withArticle(label)}; its lowest probability is ${percent(lowest)}. Point into a map to put the patch there.`
      : mode === "draw"
        ? "The maps follow when the pointer moves the patch again."
        : `Trying the patch at ${down * across} places ...`;
    stays.dataset.done = done.length;
    maps.true.describe(
      `Map of the probability of ${withArticle(label)}, for each place of the patch: lowest ${percent(lowest)}`,
    );
    maps.highest.describe("Map of the highest probability, for each place of the patch");
    maps.labels.describe(
      `Map of the label that the network gives: ${withArticle(label)} at ${right} of ${done.length} places`,
    );
  });

  let inSight = false; // until the maps are, nobody needs them
  const sweepAgain = eachFrame(() => {
    map = [];
    for (const grid of Object.values(maps)) grid.resize(rows - patch.height + 1, cols - patch.width + 1);
    show();
    showMaps();
    if (mode === "draw" || !inSight) return sweeper.stop();
    sweeper.start(image, { height: patch.height, width: patch.width, grey: shade }, (positions, probabilities) => {
      positions.forEach((at, i) => (map[at] = probabilities.slice(i * classes, (i + 1) * classes)));
      showMaps();
    });
  });

  const take = (next, itsLabel) => {
    image = next;
    known = forward(network, image);
    label = itsLabel ?? argmax(known.probabilities);
    show();
  };
  const setMode = (next) => {
    if (next === mode) return;
    mode = next;
    modes.set(mode);
    clear.hidden = mode !== "draw";
    if (mode === "draw") {
      thumbs.choose(null);
      take(new Float64Array(rows * cols), null);
      sweepAgain();
    } else if (image.some((value) => value > 0)) {
      take(centred(image, rows, cols), null);
      keepDrawing(image);
      thumbs.choose(-1);
      sweepAgain();
    } else {
      take(imageOf(digits, data.digit), digits.labels.data[data.digit]);
      thumbs.choose(data.digit);
      sweepAgain();
    }
  };
  const modes = choice({
    label: "pointer",
    options: [
      ["move", "moves the patch"],
      ["draw", "draws a digit"],
    ],
    value: mode,
    input: setMode,
  });
  const clear = button("Clear", () => take(new Float64Array(rows * cols), null), { hidden: true });
  const thumbs = strip(digits, {
    label: "Digits",
    chosen: data.digit,
    pick: (next, itsLabel) => {
      mode = "move";
      modes.set(mode);
      clear.hidden = true;
      take(next, itsLabel);
      sweepAgain();
    },
  });

  const draw = (to) => {
    const steps = Math.max(1, Math.ceil(2 * Math.hypot(to.row - pen.row, to.col - pen.col)));
    const next = image.slice();
    for (let i = 0; i <= steps; i++)
      ink(next, rows, cols, {
        row: pen.row + ((to.row - pen.row) * i) / steps,
        col: pen.col + ((to.col - pen.col) * i) / steps,
      });
    take(next, null);
    Object.assign(pen, to);
  };
  picture.onPoint((at) => {
    if (mode === "move") return moveTo(at.row - patch.height / 2, at.col - patch.width / 2);
    if (at.first) Object.assign(pen, { row: at.row, col: at.col });
    draw({ row: at.row, col: at.col });
  });
  picture.onKeys(
    (down, right) => {
      if (mode === "move") return moveTo(patch.row + down, patch.col + right);
      Object.assign(pen, inside({ row: pen.row + down, col: pen.col + right, height: 1, width: 1 }, rows, cols));
      show();
    },
    (key) => key === " " && mode === "draw" && (draw({ ...pen }), true),
  );
  for (const grid of Object.values(maps)) {
    const point = (at) => mode === "move" && moveTo(...cellOf(grid, at));
    grid.onPoint(point, { hover: true });
    grid.onKeys((down, right) => moveTo(patch.row + down, patch.col + right));
  }

  const figure = (title, grid, legend) => div("ex-panel", title, grid.root, legend);
  stage.append(
    thumbs.root,
    div(
      "ex-columns",
      div("ex-panel", picture.root, div("ex-row", modes.root, clear)),
      div("ex-panel", says.root, bar.root, div("ex-controls", side.root, grey.root, place.row.root, place.col.root)),
    ),
    div(
      "ex-columns ex-three",
      figure(trueName, maps.true, colourBar(viridis, "0", "1")),
      figure(el("h4", {}, "Highest probability"), maps.highest, colourBar(viridis, "0", "1")),
      figure(el("h4", {}, "What the network sees"), maps.labels, null),
    ),
    stays,
  );
  sweepAgain();
  const watch = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) return;
    inSight = true;
    watch.disconnect();
    sweepAgain();
  });
  watch.observe(maps.true.root);
}
