// The trained network, run in the page: convolutions (stride 1, no padding) with ReLU, max pooling, dense layers.
//
// An activation is {height, width, channels, values}, `values` in the order row, column, channel. Sums are made in
// float64, so that the result is at least as exact as JAX's float32.
//
// The same text is the program of the worker that sweeps (see the end, and sweep.js): it imports nothing.

/** Repacks weights so that the inner loop of `convolve` reads them one after the other, four filters at a time. */
function packed(kernel, taps, filters) {
  const blocks = Math.ceil(filters / 4);
  const out = new Float64Array(blocks * taps * 4);
  for (let f = 0; f < filters; f++)
    for (let i = 0; i < taps; i++) out[(Math.floor(f / 4) * taps + i) * 4 + (f % 4)] = kernel[i * filters + f];
  return out;
}

/** The network of the page's data, ready for `forward`: layers of {kind, name, window, features, kernel, bias}. */
export function prepare(data) {
  let [height, width, channels] = data.image_shape;
  const layers = data.layers.map((layer, index) => {
    const { kind, name, window } = layer;
    if (kind === "maxpool") {
      [height, width] = [Math.floor(height / window), Math.floor(width / window)];
      return { kind, name, window, height, width, channels };
    }
    const features = layer.bias.data.length;
    const bias = Float64Array.from(layer.bias.data);
    if (kind === "dense") {
      const kernel = Float64Array.from(layer.kernel.data);
      [height, width, channels] = [1, 1, features];
      return { kind, name, kernel, bias, height, width, channels, relu: index < data.layers.length - 1 };
    }
    const kernel = packed(layer.kernel.data, window * window * channels, features);
    [height, width, channels] = [height - window + 1, width - window + 1, features];
    return { kind, name, window, kernel, bias, height, width, channels };
  });
  return { layers, image: data.image_shape, data };
}

/** Computes the outputs in rows top..bottom and columns left..right (ends excluded) of a convolution with ReLU. */
function convolve(layer, input, output, [top, bottom, left, right]) {
  const { window, kernel, bias, channels } = layer;
  const x = input.values;
  const y = output.values;
  const span = window * input.channels; // of one row of the window, contiguous in the input
  const line = input.width * input.channels;
  for (let row = top; row < bottom; row++)
    for (let col = left; col < right; col += 2) {
      // Two neighbours at once: each weight that is read serves both. A last single one is computed twice.
      const second = col + 1 < right ? 1 : 0;
      const shift = second * input.channels;
      const start = row * line + col * input.channels;
      const at = (row * output.width + col) * channels;
      let w = 0;
      for (let f = 0; f < channels; f += 4) {
        let a0 = 0,
          a1 = 0,
          a2 = 0,
          a3 = 0,
          b0 = 0,
          b1 = 0,
          b2 = 0,
          b3 = 0;
        for (let dy = 0; dy < window; dy++) {
          const first = start + dy * line;
          for (let p = first; p < first + span; p++, w += 4) {
            const u = x[p],
              v = x[p + shift];
            const w0 = kernel[w],
              w1 = kernel[w + 1],
              w2 = kernel[w + 2],
              w3 = kernel[w + 3];
            a0 += u * w0;
            a1 += u * w1;
            a2 += u * w2;
            a3 += u * w3;
            b0 += v * w0;
            b1 += v * w1;
            b2 += v * w2;
            b3 += v * w3;
          }
        }
        const a = [a0, a1, a2, a3];
        const b = [b0, b1, b2, b3];
        for (let k = 0; k < 4 && f + k < channels; k++) {
          y[at + f + k] = Math.max(0, a[k] + bias[f + k]);
          y[at + second * channels + f + k] = Math.max(0, b[k] + bias[f + k]);
        }
      }
    }
}

/** The same for max pooling. */
function pool(layer, input, output, [top, bottom, left, right]) {
  const { window, channels } = layer;
  for (let row = top; row < bottom; row++)
    for (let col = left; col < right; col++)
      for (let c = 0; c < channels; c++) {
        let highest = -Infinity;
        for (let dy = 0; dy < window; dy++)
          for (let dx = 0; dx < window; dx++)
            highest = Math.max(
              highest,
              input.values[((row * window + dy) * input.width + col * window + dx) * channels + c],
            );
        output.values[(row * output.width + col) * channels + c] = highest;
      }
}

function dense(layer, input, output) {
  const { kernel, bias, channels } = layer;
  const y = output.values;
  y.set(bias);
  input.values.forEach((value, i) => {
    if (value !== 0) for (let f = 0; f < channels; f++) y[f] += value * kernel[i * channels + f];
  });
  if (layer.relu) for (let f = 0; f < channels; f++) y[f] = Math.max(0, y[f]);
}

/** Which outputs of a layer the inputs in a region can change, in rows and columns, ends excluded. */
function reached(layer, [top, bottom, left, right]) {
  const { window, height, width } = layer;
  if (layer.kind === "dense") return [0, 1, 0, 1];
  if (layer.kind === "conv")
    return [
      Math.max(0, top - window + 1),
      Math.min(bottom, height),
      Math.max(0, left - window + 1),
      Math.min(right, width),
    ];
  return [
    Math.floor(top / window),
    Math.min(Math.ceil(bottom / window), height),
    Math.floor(left / window),
    Math.min(Math.ceil(right / window), width),
  ];
}

/** Probabilities of logits. */
export function softmax(logits) {
  const highest = Math.max(...logits);
  const powers = Array.from(logits, (value) => Math.exp(value - highest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((value) => value / sum);
}

/**
 * {taps, probabilities} of an image, numbers in [0, 1]; `taps` holds the image and every layer's activation.
 *
 * With `known`, the result for an image that differs inside `region` only, what the region cannot reach is taken over.
 */
export function forward(network, image, known = null, region = null) {
  const [height, width, channels] = network.image;
  let input = { height, width, channels, values: image };
  const taps = [input];
  network.layers.forEach((layer, index) => {
    const values = known
      ? known.taps[index + 1].values.slice()
      : new Float64Array(layer.height * layer.width * layer.channels);
    const output = { height: layer.height, width: layer.width, channels: layer.channels, values };
    region = known ? reached(layer, region) : [0, layer.height, 0, layer.width];
    ({ conv: convolve, maxpool: pool, dense })[layer.kind](layer, input, output, region);
    taps.push(output);
    input = output;
  });
  return { taps, probabilities: softmax(input.values) };
}

/** A copy of an image, [height, width] of `network`, with a rectangle {row, col, height, width} of one grey. */
export function covered(network, image, { row, col, height, width }, grey) {
  const copy = image.slice();
  const channels = network.image[2];
  const line = network.image[1] * channels;
  for (let y = row; y < row + height; y++)
    copy.fill(grey, y * line + col * channels, y * line + (col + width) * channels);
  return copy;
}

/** The probabilities with that rectangle covered, from the result `known` of the image as it is. */
export function withPatch(network, known, rectangle, grey) {
  const { row, col, height, width } = rectangle;
  const image = covered(network, known.taps[0].values, rectangle, grey);
  return forward(network, image, known, [row, row + height, col, col + width]);
}

/** All positions (numbers row * cols + col) of a map, every eighth first, then the ones between: a picture at once. */
export function coarseToFine(rows, cols) {
  const order = [];
  const seen = new Set();
  for (let stride = 8; stride >= 1; stride /= 2)
    for (let row = 0; row < rows; row += stride)
      for (let col = 0; col < cols; col += stride)
        if (!seen.has(row * cols + col)) {
          seen.add(row * cols + col);
          order.push(row * cols + col);
        }
  return order;
}

/**
 * Sweeps a patch over an image in slices of so many milliseconds: `tell(positions, probabilities)` after each, until
 * `wanted()` is false. `network` as `prepare` gives it, `patch` {height, width, grey}.
 */
export async function sweep(network, image, patch, tell, wanted, slice = 40) {
  const rows = network.image[0] - patch.height + 1;
  const cols = network.image[1] - patch.width + 1;
  const known = forward(network, image);
  const order = coarseToFine(rows, cols);
  for (let done = 0; done < order.length && wanted();) {
    const positions = [];
    const probabilities = [];
    for (const end = performance.now() + slice; done < order.length && performance.now() < end; done++) {
      const rectangle = { row: Math.floor(order[done] / cols), col: order[done] % cols, ...patch };
      positions.push(order[done]);
      probabilities.push(...withPatch(network, known, rectangle, patch.grey).probabilities);
    }
    tell(positions, probabilities);
    await new Promise((resume) => setTimeout(resume)); // lets the next request in
  }
}

if (typeof WorkerGlobalScope !== "undefined") {
  let network = null;
  let latest = 0;
  self.onmessage = ({ data }) => {
    if (data.network) network = prepare(data.network);
    latest = data.id;
    if (!data.image) return;
    sweep(
      network,
      data.image,
      data.patch,
      (positions, probabilities) => self.postMessage({ id: data.id, positions, probabilities }),
      () => latest === data.id,
    );
  };
}
