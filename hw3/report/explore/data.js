// The data of the page as JavaScript takes it.

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
