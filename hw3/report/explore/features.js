// Explorable 3: the channels of the convolutions: their filters, answers, and how well each tells two classes apart.

import { colourBar, diverging, viridis } from "./colours.js";
import { choice, clamp, div, eachFrame, el, sentence, slider, withArticle } from "./draw.js";
import { Grid } from "./grid.js";
import { drawing, imageOf, paintDigit } from "./digits.js";
import { forward } from "./network.js";

export const TASK = "Choose a channel: its filter, what it answers to both pictures, and how well it tells them apart.";

const GAP = 1; // cells between the tiles of a mosaic

export function mount(stage, data, { network, digits }) {
  const [rows, cols] = network.image;
  const convolutions = network.layers
    .map((layer, index) => ({ ...layer, index }))
    .filter((layer) => layer.kind === "conv");
  const raw = Object.fromEntries(
    convolutions.map((layer) => [layer.name, network.data.layers.find((l) => l.name === layer.name)]),
  );
  const [first, second] = data.classes;
  let layer = convolutions[0];
  let order = []; // channels as they are laid out: the most telling first
  let channel = 0;
  const results = [];

  const says = sentence();
  const mosaic = new Grid(1, 1, { label: "", className: "ex-map" });
  const filter = new Grid(1, 1, { label: "", className: "ex-filter" });
  const filterNote = el("p", { class: "ex-note" });
  const sides = [0, 1].map(() => ({
    picture: new Grid(rows, cols, { label: "", className: "ex-small" }),
    map: new Grid(1, 1, { label: "", className: "ex-map" }),
  }));
  const needle = el("span", { class: "ex-needle" });
  const auc = el(
    "div",
    { class: "ex-auc", role: "img" },
    el("span", { class: "ex-auc-bar" }, needle),
    el(
      "div",
      { class: "ex-colours", "aria-hidden": "true" },
      el("span", {}, `larger for ${first}`),
      el("span", { class: "ex-fill-space" }),
      el("span", {}, `larger for ${second}`),
    ),
  );
  const shade = div("ex-panel");

  const tap = (side) => results[side].taps[layer.index + 1];
  const across = () => Math.ceil(Math.sqrt(layer.channels));
  const separation = (c) => Math.abs(data.auc[layer.name].data[c] - 0.5);

  const show = eachFrame(() => {
    const [a, b] = [tap(0), tap(1)];
    const tile = layer.width + GAP;
    const place = order.indexOf(channel);
    mosaic.mark("patch", {
      row: Math.floor(place / across()) * tile,
      col: (place % across()) * tile,
      height: layer.height,
      width: layer.width,
    });
    const values = (t, c) => Array.from({ length: t.height * t.width }, (_, i) => t.values[i * t.channels + c]);
    const shown = [values(a, channel), values(b, channel)];
    const highest = Math.max(1e-9, ...shown[0], ...shown[1]);
    sides.forEach(({ map }, side) => {
      map.resize(layer.height, layer.width);
      map.paint((i) => viridis(shown[side][i] / highest));
      map.describe(`Answer of channel ${channel} of ${layer.name} to the ${side ? "right" : "left"} picture`);
    });
    shade.replaceChildren(colourBar(viridis, "0", highest.toPrecision(2)));
    showFilter();
    const value = data.auc[layer.name].data[channel];
    needle.style.left = `${100 * value}%`;
    const larger = value < 0.5 ? first : second;
    auc.setAttribute("aria-label", `AUC ${value.toFixed(3)}`);
    says.say(
      `Channel ${channel} of ${layer.name}: AUC ${value.toFixed(3)}. The sum of its answers is larger for ` +
        `${withArticle(larger)} in ${(100 * Math.max(value, 1 - value)).toFixed(1)}% of all pairs of ` +
        `${withArticle(first)} and ${withArticle(second)}.`,
    );
  });

  /** The weights of the channel, a tile for each channel of the layer below. */
  const showFilter = () => {
    const { window, kernel } = raw[layer.name];
    const [, , inputs, filters] = kernel.shape;
    const line = Math.ceil(Math.sqrt(inputs));
    const tile = window + (inputs > 1 ? GAP : 0);
    const size = [Math.ceil(inputs / line) * tile, line * tile].map((n) => n - (inputs > 1 ? GAP : 0));
    const weight = (y, x, i) => kernel.data[((y * window + x) * inputs + i) * filters + channel];
    const weights = Array.from({ length: window * window * inputs }, (_, i) => kernel.data[i * filters + channel]);
    const largest = Math.max(...weights.map(Math.abs));
    filter.resize(...size);
    filter.paint((at) => {
      const [row, col] = [Math.floor(at / size[1]), at % size[1]];
      const i = Math.floor(row / tile) * line + Math.floor(col / tile);
      if (row % tile >= window || col % tile >= window || i >= inputs) return null;
      return diverging(0.5 + weight(row % tile, col % tile, i) / (2 * largest));
    });
    filter.describe(`Filter of channel ${channel}: ${window} by ${window} weights for each of ${inputs} inputs`);
    const over = inputs === 1 ? "on the image itself" : `for each of the ${inputs} channels below`;
    const sides = `${window}×${window} weights`;
    filterNote.textContent = `${sides} ${over}, red positive, blue negative (up to ${largest.toFixed(2)}).`;
  };

  const showMosaic = eachFrame(() => {
    const [line, tile] = [across(), layer.width + GAP];
    const lines = Math.ceil(layer.channels / line);
    const { values, channels } = tap(0);
    const highest = Array.from({ length: channels }, () => 1e-9);
    values.forEach((value, i) => (highest[i % channels] = Math.max(highest[i % channels], value)));
    mosaic.resize(lines * tile - GAP, line * tile - GAP);
    mosaic.paint((at) => {
      const [row, col] = [Math.floor(at / mosaic.cols), at % mosaic.cols];
      const [y, x] = [row % tile, col % tile];
      const c = order[Math.floor(row / tile) * line + Math.floor(col / tile)];
      if (y >= layer.height || x >= layer.width || c === undefined) return null;
      return viridis(values[(y * layer.width + x) * channels + c] / highest[c]);
    });
    mosaic.describe(
      `All ${channels} channels of ${layer.name} for the left picture, the most telling first; arrow keys choose one`,
    );
    show();
  });

  const setLayer = (name) => {
    layer = convolutions.find((one) => one.name === name);
    order = [...Array(layer.channels).keys()].sort((a, b) => separation(b) - separation(a));
    channel = order[0];
    rank.limit(layer.channels);
    rank.set(1);
    showMosaic();
  };
  const setChannel = (place) => {
    channel = order[clamp(place, 0, order.length - 1)];
    rank.set(order.indexOf(channel) + 1);
    show();
  };
  const layers = choice({
    label: "layer",
    options: convolutions.map(({ name }) => [name, name]),
    value: layer.name,
    input: setLayer,
  });
  const rank = slider({
    label: "channel, most telling first",
    min: 1,
    max: layer.channels,
    value: 1,
    input: (value) => setChannel(value - 1),
  });
  mosaic.onPoint(
    ({ row, col, pressed }) => {
      const tile = layer.width + GAP;
      if (pressed) setChannel(Math.floor(row / tile) * across() + clamp(Math.floor(col / tile), 0, across() - 1));
    },
    { hover: true },
  );
  mosaic.onKeys((down, right) => setChannel(order.indexOf(channel) + down * across() + right));

  /** Pointing into an answer shows which pixels it comes from. */
  sides.forEach(({ map, picture }) => {
    const look = ({ row, col }) => {
      const cell = { row: clamp(Math.floor(row), 0, map.rows - 1), col: clamp(Math.floor(col), 0, map.cols - 1) };
      const [top, bottom] = field(network, layer.index, cell.row);
      const [left, right] = field(network, layer.index, cell.col);
      map.mark("patch", { ...cell, height: 1, width: 1 });
      picture.mark("patch", { row: top, col: left, height: bottom - top, width: right - left });
    };
    map.onPoint(look, { hover: true });
    map.canvas.addEventListener("pointerleave", () => [map, picture].forEach((grid) => grid.mark("patch", null)));
  });

  const choose = (side, image, name) => {
    results[side] = forward(network, image);
    paintDigit(sides[side].picture, image);
    sides[side].picture.describe(`${side ? "Right" : "Left"} picture: ${name}`);
    if (results[0] && results[1]) showMosaic();
  };
  const menus = sides.map((_, side) => {
    const option = (index) => el("option", { value: index }, `${digits.labels.data[index]} (digit ${index + 1})`);
    const menu = el(
      "select",
      { class: "ex-button", "aria-label": side ? "right picture" : "left picture" },
      [...digits.labels.data.keys()].map(option),
    );
    menu.value = data.digits[side];
    const take = () => {
      const index = Number(menu.value);
      if (index < 0) choose(side, drawing.image, "your drawing");
      else choose(side, imageOf(digits, index), withArticle(digits.labels.data[index]));
    };
    menu.addEventListener("change", take);
    drawing.addEventListener("change", () => {
      if (menu.options[0].value !== "-1") menu.prepend(el("option", { value: -1 }, "your drawing"));
      if (menu.value === "-1") take();
    });
    take();
    return menu;
  });

  stage.append(
    div("ex-row", layers.root),
    div(
      "ex-columns",
      div("ex-panel", el("h4", {}, "All channels for the left picture"), mosaic.root, rank.root),
      div(
        "ex-panel",
        says.root,
        auc,
        div(
          "ex-pair",
          sides.map(({ picture, map }, side) => div("ex-panel", div("ex-row", picture.root, menus[side]), map.root)),
        ),
        shade,
        div("ex-beside", filter.root, filterNote),
      ),
    ),
  );
  setLayer(convolutions.at(Math.min(2, convolutions.length - 1)).name);
  layers.set(layer.name);
}

/** The pixels, along one axis, that reach cell `at` of layer `index`: first and end. */
function field(network, index, at) {
  let [first, end] = [at, at + 1];
  for (let i = index; i >= 0; i--) {
    const { kind, window } = network.layers[i];
    [first, end] = kind === "conv" ? [first, end + window - 1] : [first * window, end * window];
  }
  return [first, end];
}
