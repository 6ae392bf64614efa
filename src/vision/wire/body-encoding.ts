import { brotliDecompressSync, inflateRawSync, unzipSync, zstdDecompressSync } from 'node:zlib';

type Decode = (raw: Buffer, options: { readonly maxOutputLength: number }) => Buffer;

/** `unzip` reads gzip and zlib; some servers call it deflate where its header is missing. */
const decoders: Readonly<Record<string, readonly Decode[]>> = {
  gzip: [unzipSync],
  'x-gzip': [unzipSync],
  deflate: [unzipSync, inflateRawSync],
  br: [brotliDecompressSync],
  zstd: [zstdDecompressSync],
};

/**
 * A body as text. Some servers compress unasked, and some proxies decode a body and leave its label:
 * a body that can't be decoded is used unchanged.
 * @returns undefined where it is larger than `maxBytes`
 */
export function decodedBody(raw: Buffer, encoding: string | undefined, maxBytes: number): string | undefined {
  const isGzip = raw.length > 2 && raw.readUInt16BE(0) === 0x1f8b;
  const label = encoding?.trim().toLowerCase() ?? (isGzip ? 'gzip' : '');
  for (const decode of decoders[label] ?? []) {
    try {
      return decode(raw, { maxOutputLength: maxBytes }).toString('utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    }
  }
  return raw.toString('utf8');
}
