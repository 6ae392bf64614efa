import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** What is used of libheif's C interface (libheif/heif.h) as compiled to WebAssembly. Pointers are numbers. */
interface Wasm {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _heif_context_alloc(): number;
  _heif_context_set_maximum_image_size_limit(context: number, edgePx: number): void;
  _heif_context_read_from_memory_without_copy(
    error: number,
    context: number,
    bytes: number,
    length: number,
    options: 0,
  ): void;
  _heif_context_get_primary_image_handle(error: number, context: number, handle: number): void;
  _heif_image_handle_get_thumbnail(error: number, handle: number, itemId: number, thumbnail: number): void;
  _heif_image_handle_get_width(handle: number): number;
  _heif_image_handle_get_height(handle: number): number;
  _heif_image_handle_has_alpha_channel(handle: number): number;
  _heif_image_handle_is_premultiplied_alpha(handle: number): number;
  _heif_image_handle_get_raw_color_profile_size(handle: number): number;
  _heif_image_handle_get_raw_color_profile(error: number, handle: number, profile: number): void;
  _heif_decode_image(
    error: number,
    handle: number,
    image: number,
    colourSpace: number,
    chroma: number,
    options: 0,
  ): void;
  _heif_image_get_width(image: number, channel: number): number;
  _heif_image_get_height(image: number, channel: number): number;
  _heif_image_get_plane_readonly(image: number, channel: number, stride: number): number;
}

/** heif_colorspace_RGB, heif_chroma_interleaved_RGB and …_RGBA, heif_channel_interleaved. */
const [rgb, interleavedRgb, interleavedRgba, interleaved] = [1, 10, 11, 10];
const longestEdgePx = 65_535;
/** Phones' have half a kilobyte. */
const longestProfile = 1_000_000;
const endOfData = 100;

/** What libheif says of a file that it can't show. */
export class LibHeifError extends Error {
  readonly isCutShort: boolean;

  constructor(code: number, subcode: number) {
    super(`libheif: ${code}.${subcode}`);
    this.isCutShort = subcode === endOfData;
  }
}

/** 8-bit RGB, upright, rows without gaps, on white where the picture is transparent. */
export interface RawPicture {
  readonly pixels: Buffer;
  readonly widthPx: number;
  readonly heightPx: number;
}

export interface HeifFile {
  /** Upright size of the primary picture. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** ICC profile of its colours, where it names one. */
  readonly profile: Buffer | undefined;
  /**
   * @param thumbnail item to decode in its place
   * @throws LibHeifError
   */
  decode(thumbnail: number | undefined): RawPicture;
}

const require = createRequire(import.meta.url);
let binary: Buffer | undefined;

/**
 * Opens a HEIF file in an instance of its own, about 15 ms: what one file leaves behind in its memory, and be it the
 * memory itself, which never shrinks, no other meets.
 * @throws LibHeifError
 */
export function openHeif(bytes: Buffer): HeifFile {
  const wasm = instance();
  const scratch = wasm._malloc(32);
  /** A `struct heif_error` (code, subcode, message) at 0, a result at 16. */
  const call = (run: (error: number, result: number) => void): number => {
    run(scratch, scratch + 16);
    const view = new DataView(wasm.HEAPU8.buffer, scratch, 20);
    if (view.getInt32(0, true) !== 0) throw new LibHeifError(view.getInt32(0, true), view.getInt32(4, true));
    return view.getUint32(16, true);
  };
  const file = wasm._malloc(bytes.length);
  wasm.HEAPU8.set(bytes, file);
  const context = wasm._heif_context_alloc();
  wasm._heif_context_set_maximum_image_size_limit(context, longestEdgePx);
  call((error) => wasm._heif_context_read_from_memory_without_copy(error, context, file, bytes.length, 0));
  const primary = call((error, handle) =>
    wasm._heif_context_get_primary_image_handle(error, context, handle),
  );

  /** The decoded picture, still in the instance's memory. */
  function decoded(handle: number, chroma: number): Planes {
    const image = call((error, result) => wasm._heif_decode_image(error, handle, result, rgb, chroma, 0));
    let plane = 0;
    const stride = call((_, result) => {
      new DataView(wasm.HEAPU8.buffer).setInt32(scratch, 0, true);
      plane = wasm._heif_image_get_plane_readonly(image, interleaved, result);
    });
    return {
      widthPx: wasm._heif_image_get_width(image, interleaved),
      heightPx: wasm._heif_image_get_height(image, interleaved),
      row: (y) => wasm.HEAPU8.subarray(plane + y * stride, plane + (y + 1) * stride),
    };
  }

  function profileOf(handle: number): Buffer | undefined {
    const length = wasm._heif_image_handle_get_raw_color_profile_size(handle);
    if (length === 0 || length > longestProfile) return undefined;
    const at = wasm._malloc(length);
    call((error) => wasm._heif_image_handle_get_raw_color_profile(error, handle, at));
    return Buffer.from(wasm.HEAPU8.subarray(at, at + length));
  }

  return {
    widthPx: wasm._heif_image_handle_get_width(primary),
    heightPx: wasm._heif_image_handle_get_height(primary),
    profile: profileOf(primary),
    decode(thumbnail) {
      const shown =
        thumbnail === undefined
          ? primary
          : call((error, handle) => wasm._heif_image_handle_get_thumbnail(error, primary, thumbnail, handle));
      if (wasm._heif_image_handle_has_alpha_channel(shown) === 0)
        return copied(decoded(shown, interleavedRgb));
      const isPremultiplied = wasm._heif_image_handle_is_premultiplied_alpha(shown) !== 0;
      return onWhite(decoded(shown, interleavedRgba), isPremultiplied);
    },
  };
}

interface Planes {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Interleaved channels, more bytes than the row has. */
  row(y: number): Uint8Array;
}

function copied({ widthPx, heightPx, row }: Planes): RawPicture {
  const pixels = Buffer.allocUnsafe(widthPx * heightPx * 3);
  for (let y = 0; y < heightPx; y += 1) pixels.set(row(y).subarray(0, widthPx * 3), y * widthPx * 3);
  return { pixels, widthPx, heightPx };
}

/** @param isPremultiplied whether its colours are those of opaque pixels times their alpha */
export function onWhite({ widthPx, heightPx, row }: Planes, isPremultiplied: boolean): RawPicture {
  const pixels = Buffer.allocUnsafe(widthPx * heightPx * 3);
  for (let y = 0, to = 0; y < heightPx; y += 1) {
    const rgba = row(y);
    for (let from = 0; from < widthPx * 4; from += 4) {
      const alpha = (rgba[from + 3] ?? 255) / 255;
      for (let channel = 0; channel < 3; channel += 1) {
        const level = (rgba[from + channel] ?? 0) * (isPremultiplied ? 1 : alpha);
        pixels[to++] = Math.min(255, Math.round(level + 255 * (1 - alpha)));
      }
    }
  }
  return { pixels, widthPx, heightPx };
}

function instance(): Wasm {
  binary ??= readFileSync(require.resolve('libheif-js/libheif-wasm/libheif.wasm'));
  const create = require('libheif-js/libheif-wasm/libheif.js') as (options: object) => Wasm;
  const silent = () => undefined;
  return create({ wasmBinary: binary, print: silent, printErr: silent });
}
