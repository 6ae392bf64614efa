/** Markers of ITU-T T.81, table B.1. */
const marker = { sof0: 0xc0, sof1: 0xc1, eoi: 0xd9, sos: 0xda, app0: 0xe0, adobe: 0xee, com: 0xfe };
const isRestart = (code: number) => code >= 0xd0 && code <= 0xd7;
const isTable = (code: number) => code === 0xc4 || code === 0xdb || code === 0xdd;
const isMetadata = (code: number) => (code >= marker.app0 && code <= 0xef) || code === marker.com;

/** Metadata of 12 MB fit into 190 segments of 64 KB; beside them stand a dozen of tables. */
const mostSegments = 1_000;

/**
 * The picture alone, byte for byte: without metadata, profiles, comments, thumbnails and whatever follows its end. In
 * time bounded by its length, without decoding it. What it returns is a part of the same memory, where its tables have
 * been moved up to its scan: `bytes` are no file any more.
 * @returns undefined where only a decoder makes of it what a model should see: it doesn't stand upright, its colours
 *   are no YCbCr or grey, it is coded in several passes, or isn't complete
 */
export function bareJpeg(bytes: Buffer): Buffer | undefined {
  const kept: Segment[] = [{ from: 0, to: 2 }];
  let components = 0;
  for (let at = 2, segments = 0; segments < mostSegments; segments += 1) {
    const code = bytes[at + 1] ?? 0;
    if (bytes[at] !== 0xff || at + 4 > bytes.length) return undefined;
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    const segment = bytes.subarray(at, end);
    if (end > bytes.length || segment.length < 4) return undefined;
    if (isMetadata(code)) {
      if (code === marker.adobe || isTurned(segment)) return undefined;
    } else {
      if (code === marker.sof0 || code === marker.sof1) components = segment[9] ?? 0;
      else if (code !== marker.sos && !isTable(code)) return undefined;
      kept.push({ from: at, to: end });
    }
    at = end;
    if (code !== marker.sos) continue;
    const isWhole = (components === 1 || components === 3) && segment[4] === components;
    const scanEnd = isWhole ? endOfScan(bytes, at) : undefined;
    if (scanEnd === undefined) return undefined;
    return bytes.subarray(movedUp(bytes, kept, at), scanEnd);
  }
  return undefined;
}

interface Segment {
  readonly from: number;
  readonly to: number;
}

/** Puts segments before `end`, without what lay between them. @returns where the first one begins now */
function movedUp(bytes: Buffer, segments: readonly Segment[], end: number): number {
  return segments.reduceRight((before, { from, to }) => {
    bytes.copyWithin(before - (to - from), from, to);
    return before - (to - from);
  }, end);
}

/** Behind the end marker of the only scan; undefined where anything else comes first. */
function endOfScan(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(0xff, from); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    const code = bytes[at + 1];
    if (code === marker.eoi) return at + 2;
    if (code === undefined || (code !== 0 && code !== 0xff && !isRestart(code))) return undefined;
  }
  return undefined;
}

/** Some write something else than the two zeros behind it. */
const exifHead = Buffer.from('Exif\0');
const orientationTag = 0x0112;
const shortType = 3;

/** Whether Exif says that the picture has to be turned; what can't be read is taken to say so. */
function isTurned(segment: Buffer): boolean {
  if (segment[1] !== 0xe1 || !segment.subarray(4, 9).equals(exifHead)) return false;
  const tiff = segment.subarray(10);
  if (tiff.length < 8) return true;
  const isLittle = tiff[0] === 0x49;
  const u16 = (at: number) => (isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const start = isLittle ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (start + 2 > tiff.length) return true;
  const entries = u16(start);
  if (start + 2 + 12 * entries > tiff.length) return true;
  for (let entry = 0; entry < entries; entry += 1) {
    const at = start + 2 + 12 * entry;
    if (u16(at) === orientationTag) return u16(at + 2) !== shortType || u16(at + 8) > 1;
  }
  return false;
}
