import type { DecodeCost } from './limits.ts';

/**
 * Constants of a linear model, fitted to what sharp 0.35.5 and libheif 1.23.2 took on one core of a 2.5 GHz server
 * for a 512 px rendition and a 256 px network's input (bench/decode-cost.ts prints prediction and measurement). They
 * lean to the costly side: pictures of the same size differ by three.
 */
const ns = 1e-6;
const perMegabyte = 1e-6;
/** Resizing, colours, the JPEG that is made; whatever the photo is. */
const fixed: DecodeCost = { cpuMs: 25, megabytes: 15 };

function cost(cpuMs: number, bytesOfMemory: number, sizeBytes: number): DecodeCost {
  return {
    cpuMs: fixed.cpuMs + cpuMs,
    megabytes: fixed.megabytes + (bytesOfMemory + sizeBytes) * perMegabyte,
  };
}

export interface JpegFacts {
  readonly sizeBytes: number;
  /** Blocks of 8 × 8 samples of all components. */
  readonly blocks: number;
  /** Blocks that its scans pass over, together; 0 where there is but one pass. */
  readonly scannedBlocks: number;
}

/** One pass needs a few rows; several need the whole picture's coefficients, 16 bits each, and go over them again. */
export function jpegCost({ sizeBytes, blocks, scannedBlocks }: JpegFacts): DecodeCost {
  const isOnePass = scannedBlocks === 0;
  const picture = isOnePass
    ? blocks * 23 + sizeBytes * 14
    : blocks * 150 + scannedBlocks * 20 + sizeBytes * 30;
  return cost(picture * ns, isOnePass ? 0 : blocks * 128, sizeBytes);
}

export interface PngFacts {
  readonly sizeBytes: number;
  readonly pixels: number;
  readonly isInterlaced: boolean;
  readonly channels: number;
  readonly bytesPerSample: number;
}

/** An interlaced picture is held whole. */
export function pngCost(facts: PngFacts): DecodeCost {
  const { sizeBytes, isInterlaced } = facts;
  const rawBytes = facts.pixels * facts.channels * facts.bytesPerSample;
  const cpuMs = (rawBytes * (isInterlaced ? 5 : 4) + sizeBytes * 2) * ns;
  return cost(cpuMs, rawBytes * (isInterlaced ? 1.3 : 0.25), sizeBytes);
}

export interface WebpFacts {
  readonly sizeBytes: number;
  readonly pixels: number;
  readonly isLossless: boolean;
  readonly isAnimated: boolean;
}

/** A lossy still picture is shrunk while it is decoded; of the others whole ones are held. */
export function webpCost({ sizeBytes, pixels, isLossless, isAnimated }: WebpFacts): DecodeCost {
  const bytesPerPixel = (isLossless ? 4 : 0.3) + (isAnimated ? 8 : 0);
  return cost(pixels * 11 * ns, pixels * bytesPerPixel, sizeBytes);
}

export function gifCost({
  sizeBytes,
  pixels,
  frames,
}: {
  sizeBytes: number;
  pixels: number;
  frames: number;
}): DecodeCost {
  return cost((pixels * 13 + frames * 1000 + sizeBytes * 2) * ns, pixels * 6, sizeBytes);
}

export function avifCost({ sizeBytes, pixels }: { sizeBytes: number; pixels: number }): DecodeCost {
  return cost(pixels * 75 * ns, pixels * 19, sizeBytes);
}

export function heicCost({ sizeBytes, pixels }: { sizeBytes: number; pixels: number }): DecodeCost {
  return cost(pixels * 80 * ns, pixels * 12, sizeBytes);
}
