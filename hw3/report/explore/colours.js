// Colour maps, perceptually uniform and safe for the colour-blind; colours are [r, g, b].

import { el } from "./draw.js";

// Points of matplotlib's viridis (CC0) and of ColorBrewer's RdBu, between which colours are mixed.
const VIRIDIS = ["440154", "482878", "3e4a89", "31688e", "26828e", "1f9e89", "35b779", "6ece58", "b5de2b", "fde725"];
const BLUE_RED = [
  "053061",
  "2166ac",
  "4393c3",
  "92c5de",
  "d1e5f0",
  "f7f7f7",
  "fddbc7",
  "f4a582",
  "d6604d",
  "b2182b",
  "67001f",
];
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

/** Black or white, whichever reads better on a colour. */
export const textOn = ([r, g, b]) => (0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#000" : "#fff");

/** A bar that explains a colour map between two numbers. */
export function colourBar(colour, low, high) {
  const stops = Array.from({ length: 11 }, (_, i) => css(colour(i / 10))).join(",");
  const bar = el("span", { class: "ex-scale" });
  bar.style.background = `linear-gradient(to right, ${stops})`;
  return el("div", { class: "ex-colours", "aria-hidden": "true" }, el("span", {}, low), bar, el("span", {}, high));
}
