// Explorable 2: a rectangle cut from another digit and dropped on the target.

import { argmax, bars, button, clamp, div, eachFrame, el, percent, sentence, slider, withArticle } from "./draw.js";
import { Grid, inside } from "./grid.js";
import { imageOf, paintDigit, strip } from "./digits.js";
import { forward, withPatch } from "./network.js";

export const TASK = "Cut a piece of another digit (left) and drag it over the target (right): can it fool the network?";

export function mount(stage, data, { network, digits }) {
  const [rows, cols] = network.image;
  const target = imageOf(digits, data.target);
  const label = digits.labels.data[data.target];
  const known = forward(network, target);
  let donor = target;
  let donorName = "";
  let cut = { row: 0, col: 0, height: 8, width: 8 };
  let paste = { row: 0, col: 0, height: 8, width: 8 };

  const says = sentence();
  const control = el("p", { class: "ex-note" });
  const bar = bars(network.layers.at(-1).channels);
  const from = new Grid(rows, cols, { label: "", className: "ex-main" });
  const onto = new Grid(rows, cols, { label: "", className: "ex-main" });

  /** The target with the piece, and the probabilities of it. */
  const tried = (donor, cut, paste) => {
    const image = target.slice();
    for (let y = 0; y < cut.height; y++)
      for (let x = 0; x < cut.width; x++)
        image[(paste.row + y) * cols + paste.col + x] = donor[(cut.row + y) * cols + cut.col + x];
    const region = [paste.row, paste.row + cut.height, paste.col, paste.col + cut.width];
    return { image, probabilities: forward(network, image, known, region).probabilities };
  };
  const show = eachFrame(() => {
    const { image, probabilities } = tried(donor, cut, paste);
    const black = withPatch(network, known, paste, 0).probabilities;
    const [seen, seenBlack] = [argmax(probabilities), argmax(black)];
    paintDigit(from, donor);
    paintDigit(onto, image);
    from.mark("patch", cut);
    onto.mark("patch", paste);
    bar.show(probabilities, label);
    says.say(
      `The network sees ${withArticle(seen)} (${percent(probabilities[seen])})` +
        `${seen === label ? "." : ` in ${withArticle(label)}.`}`,
    );
    const same = `A black rectangle at the same place: ${withArticle(seenBlack)} (${percent(black[seenBlack])})`;
    control.textContent =
      seen === label
        ? `${same}.`
        : seenBlack === label
          ? `${same}. So it is what the piece shows that fools the network.`
          : `${same}. So covering alone is enough to fool the network.`;
    const size = `${cut.height} by ${cut.width} pixels`;
    from.describe(`${donorName} with a cut of ${size} at row ${cut.row}, column ${cut.col}; arrow keys move the cut`);
    onto.describe(
      `${withArticle(label)} with the piece of ${size} at row ${paste.row}, column ${paste.col}; arrow keys move it`,
    );
    for (const [name, control] of Object.entries(controls)) {
      const [rectangle, field] = name.split(" ");
      control.limit(
        (field === "height" || field === "row" ? rows : cols) -
          (field === "row" ? cut.height : field === "col" ? cut.width : 0),
      );
      control.set((rectangle === "cut" ? cut : paste)[field]);
    }
    finds.forEach(({ find, press }) => press.setAttribute("aria-pressed", find === chosen));
  });

  /** Takes over what changed of either rectangle; both have one size and stay inside. */
  let chosen = null;
  const change = (nextCut, nextPaste, find = null) => {
    cut = inside({ ...cut, ...nextCut }, rows, cols);
    paste = inside({ ...paste, ...nextPaste, height: cut.height, width: cut.width }, rows, cols);
    chosen = find;
    show();
  };

  const controls = Object.fromEntries(
    [
      ["cut height", "height of the piece"],
      ["cut width", "width of the piece"],
      ["cut row", "cut: top row"],
      ["cut col", "cut: left column"],
      ["paste row", "drop: top row"],
      ["paste col", "drop: left column"],
    ].map(([name, text]) => {
      const [rectangle, field] = name.split(" ");
      const moved = (value) => (rectangle === "cut" ? change({ [field]: value }, {}) : change({}, { [field]: value }));
      const size = field === "height" || field === "width";
      return [name, slider({ label: text, min: size ? 1 : 0, max: rows, value: 8, input: moved })];
    }),
  );

  /** A press inside a rectangle drags it; on the donor, one outside begins another. */
  let grip = null;
  from.onPoint(({ row, col, first }) => {
    if (first) {
      const within = row >= cut.row && row < cut.row + cut.height && col >= cut.col && col < cut.col + cut.width;
      grip = within ? { row: row - cut.row, col: col - cut.col } : { corner: [Math.floor(row), Math.floor(col)] };
    }
    if (!grip.corner) return change({ row: row - grip.row, col: col - grip.col }, {});
    const [y, x] = grip.corner.map((value) => clamp(value, 0, rows - 1));
    const [v, u] = [clamp(Math.floor(row), 0, rows - 1), clamp(Math.floor(col), 0, cols - 1)];
    if (!first || (v !== y && u !== x))
      change({ row: Math.min(y, v), col: Math.min(x, u), height: Math.abs(v - y) + 1, width: Math.abs(u - x) + 1 }, {});
  });
  onto.onPoint(({ row, col }) => change({}, { row: row - cut.height / 2, col: col - cut.width / 2 }));
  from.onKeys((down, right) => change({ row: cut.row + down, col: cut.col + right }, {}));
  onto.onKeys((down, right) => change({}, { row: paste.row + down, col: paste.col + right }));

  const use = (index) => {
    donor = imageOf(digits, index);
    donorName = withArticle(digits.labels.data[index]);
    thumbs.choose(index);
  };
  const thumbs = strip(digits, {
    label: "Digits to cut from",
    chosen: data.finds[0].donor,
    pick: (image, itsLabel) => {
      donor = image;
      donorName = itsLabel === null ? "your drawing" : withArticle(itsLabel);
      chosen = null;
      show();
    },
  });
  const rectangles = ({ size: [height, width], cut, paste }) => [
    { row: cut[0], col: cut[1], height, width },
    { row: paste[0], col: paste[1] },
  ];
  const apply = (find) => {
    use(find.donor);
    change(...rectangles(find), find);
  };
  const finds = data.finds.map((find) => {
    const seen = argmax(tried(imageOf(digits, find.donor), ...rectangles(find)).probabilities);
    const piece = `${find.size[0]}×${find.size[1]} of ${withArticle(digits.labels.data[find.donor])}`;
    return { find, press: button(`${piece}: seen as ${seen}`, () => apply(find)) };
  });

  stage.append(
    thumbs.root,
    div(
      "ex-columns ex-three",
      div(
        "ex-panel",
        el("h4", {}, "Cut from"),
        from.root,
        el(
          "div",
          { class: "ex-row ex-choice", role: "group", "aria-label": "Finds of the search" },
          el("span", {}, "found by search:"),
          finds.map(({ press }) => press),
        ),
      ),
      div("ex-panel", el("h4", {}, "Drop on"), onto.root, says.root, control),
      div(
        "ex-panel",
        el("h4", {}, "Probabilities"),
        bar.root,
        el(
          "details",
          {},
          el("summary", {}, "By numbers"),
          div(
            "ex-controls",
            Object.values(controls).map((one) => one.root),
          ),
        ),
      ),
    ),
  );
  apply(data.finds[0]);
}
