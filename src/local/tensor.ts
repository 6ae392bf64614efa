import { Tensor } from 'onnxruntime-node';
import type { TensorForm } from './manifest.ts';

const channels = 3;

/** The network's input from interleaved 8-bit RGB, in the form that its manifest names. */
export function tensorOf(pixels: Buffer, form: TensorForm): Tensor {
  const expected = form.shape.reduce((product, size) => product * size, 1);
  if (pixels.length !== expected)
    throw new Error(`the network takes ${expected} values, not ${pixels.length}`);
  const placed = form.layout === 'NHWC' ? pixels : planar(pixels);
  if (form.type === 'uint8') return new Tensor('uint8', placed, form.shape);
  return new Tensor('float32', floats(placed, form), form.shape);
}

/** RGBRGB… to RR…GG…BB…. */
function planar(pixels: Buffer): Buffer {
  const plane = pixels.length / channels;
  const planes = Buffer.allocUnsafe(pixels.length);
  for (let at = 0; at < plane; at++)
    for (let channel = 0; channel < channels; channel++)
      planes[channel * plane + at] = pixels[at * channels + channel] ?? 0;
  return planes;
}

function floats(values: Buffer, { layout, normalisation }: TensorForm): Float32Array {
  if (!normalisation) return Float32Array.from(values);
  const { mean, std } = normalisation;
  const plane = values.length / channels;
  const channelAt =
    layout === 'NHWC' ? (at: number) => at % channels : (at: number) => Math.floor(at / plane);
  const [factors, offsets] = [
    std.map((deviation) => 1 / 255 / deviation),
    mean.map((middle, channel) => middle / (std[channel] ?? 1)),
  ];
  return Float32Array.from(values, (value, at) => {
    const channel = channelAt(at);
    return value * (factors[channel] ?? 0) - (offsets[channel] ?? 0);
  });
}
