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

/** heif_colorspace_RGB, heif_chroma_interleaved_RGB, heif_channel_interleaved. */
const [rgb, interleavedRgb, interleaved] = [1, 10, 10];
const longestEdgePx = 65_535;
const endOfData = 100;

/** What libheif says of a file that it can't show. */
export class LibHeifError extends Error {
  readonly isCutShort: boolean;

  constructor(code: number, subcode: number) {
    super(`libheif: ${code}.${subcode}`);
    this.isCutShort = subcode === endOfData;
  }
}

/** 8-bit RGB, upright, rows without gaps. */
export interface RawPicture {
  readonly pixels: Buffer;
  readonly widthPx: number;
  readonly heightPx: number;
}

export interface HeifFile {
  /** Upright size of the primary picture. */
  readonly widthPx: number;
  readonly heightPx: number;
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

  function copied(image: number): RawPicture {
    const widthPx = wasm._heif_image_get_width(image, interleaved);
    const heightPx = wasm._heif_image_get_height(image, interleaved);
    let stride = 0;
    let plane = 0;
    stride = call((_, result) => {
      new DataView(wasm.HEAPU8.buffer).setInt32(scratch, 0, true);
      plane = wasm._heif_image_get_plane_readonly(image, interleaved, result);
    });
    const pixels = Buffer.allocUnsafe(widthPx * heightPx * 3);
    for (let row = 0; row < heightPx; row += 1)
      pixels.set(
        wasm.HEAPU8.subarray(plane + row * stride, plane + row * stride + widthPx * 3),
        row * widthPx * 3,
      );
    return { pixels, widthPx, heightPx };
  }

  return {
    widthPx: wasm._heif_image_handle_get_width(primary),
    heightPx: wasm._heif_image_handle_get_height(primary),
    decode(thumbnail) {
      const shown =
        thumbnail === undefined
          ? primary
          : call((error, handle) => wasm._heif_image_handle_get_thumbnail(error, primary, thumbnail, handle));
      return copied(
        call((error, image) => wasm._heif_decode_image(error, shown, image, rgb, interleavedRgb, 0)),
      );
    },
  };
}

function instance(): Wasm {
  binary ??= readFileSync(require.resolve('libheif-js/libheif-wasm/libheif.wasm'));
  const create = require('libheif-js/libheif-wasm/libheif.js') as (options: object) => Wasm;
  const silent = () => undefined;
  return create({ wasmBinary: binary, print: silent, printErr: silent });
}
