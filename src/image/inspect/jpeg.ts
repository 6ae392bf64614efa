import { text } from '../../messages/text.ts';
import { jpegCost } from './decode-cost.ts';
import { checkSize, cutShort, type DecodeCost, type PixelLimits, refused, unreadable } from './limits.ts';

interface Frame {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly isProgressive: boolean;
  /** Blocks of 8 × 8 samples, by component identifier. */
  readonly blocks: ReadonlyMap<number, number>;
}

interface Scan {
  readonly components: number;
  readonly blocks: number;
}

/** Real files have at most a dozen. Each costs a pass over the picture, though it may hold hardly any bytes. */
const mostScans = 64;
/** Metadata of any size comes in segments of up to 64 KB: 12 MB of it in 190. */
const mostSegments = 4096;

/** Markers of ITU-T T.81, table B.1. */
const marker = { soi: 0xd8, eoi: 0xd9, sos: 0xda, dac: 0xcc, tem: 0x01 };
const isRestart = (code: number) => code >= 0xd0 && code <= 0xd7;
/** SOF0 to SOF15, without the tables that share their range. */
const isFrame = (code: number) => code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);

/**
 * Walks the markers as libjpeg does. Behind the first scan of a picture in one pass nothing is read, by it or here:
 * what follows there (a second picture, a video, padding) is no part of the photo.
 * @throws PhotoError
 */
export function inspectJpeg(bytes: Buffer, limits: PixelLimits): DecodeCost {
  let at = 2;
  let frame: Frame | undefined;
  const scans: Scan[] = [];
  for (let segments = 0; ; segments += 1) {
    if (segments > mostSegments) throw refused('it is made of thousands of segments');
    const found = nextMarker(bytes, at);
    if (found === undefined) break;
    const code = bytes[found] ?? 0;
    at = found + 1;
    if (code === marker.eoi) break;
    if (isRestart(code) || code === marker.tem) continue;
    if (code === marker.soi) throw unreadable('it begins twice');
    const end = endOfSegment(bytes, at);
    if (end === undefined) break;
    const segment = bytes.subarray(at + 2, end);
    at = end;
    if (code === marker.dac) throw refused('it is coded arithmetically');
    if (isFrame(code)) {
      if (frame) throw unreadable('it has two frames');
      frame = frameOf(segment, code);
      checkSize(frame.widthPx, frame.heightPx, frame.isProgressive ? 'progressive' : 'jpeg', limits);
    }
    if (code !== marker.sos) continue;
    if (!frame) throw unreadable('its picture comes before its size');
    scans.push(scanOf(segment, frame));
    if (!frame.isProgressive && scans[0]?.components === frame.blocks.size) break;
    checkSize(frame.widthPx, frame.heightPx, 'progressive', limits);
    if (scans.length > mostScans)
      throw refused(text('it is coded in more than {most} passes', { most: mostScans }));
    at = endOfScan(bytes, at);
  }
  if (!frame || scans.length === 0) throw cutShort();
  const blocks = [...frame.blocks.values()].reduce((sum, count) => sum + count, 0);
  const isSinglePass = !frame.isProgressive && scans[0]?.components === frame.blocks.size;
  const scannedBlocks = isSinglePass ? 0 : scans.reduce((sum, scan) => sum + scan.blocks, 0);
  return jpegCost({ sizeBytes: bytes.length, blocks, scannedBlocks });
}

/** Position of the next marker's code; skips what stands before it, as libjpeg does with a warning. */
function nextMarker(bytes: Buffer, from: number): number | undefined {
  let at = from;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at === -1) return undefined;
    while (bytes[at] === 0xff) at += 1;
    if (at >= bytes.length) return undefined;
    if (bytes[at] !== 0) return at;
  }
}

function endOfSegment(bytes: Buffer, at: number): number | undefined {
  if (at + 2 > bytes.length) return undefined;
  const length = bytes.readUInt16BE(at);
  if (length < 2) throw unreadable('one of its segments has no length');
  return at + length <= bytes.length ? at + length : undefined;
}

/** Where the coded data of a scan end: before the next marker that is no restart. */
function endOfScan(bytes: Buffer, from: number): number {
  const last = bytes.length - 1;
  for (let at = from; at < last; at += 1) {
    if (bytes[at] !== 0xff) continue;
    const next = bytes[at + 1] ?? 0;
    if (next !== 0 && next !== 0xff && !isRestart(next)) return at;
  }
  return bytes.length;
}

function frameOf(segment: Buffer, code: number): Frame {
  if (code > 0xc2) throw refused('it is coded arithmetically, losslessly or in layers');
  const count = segment[5] ?? 0;
  if (segment.length < 6 + 3 * count) throw unreadable('its frame is incomplete');
  if (segment[0] !== 8) throw refused(text('its samples have {bits} bits', { bits: segment[0] ?? 0 }));
  if (![1, 3, 4].includes(count)) throw refused(text('it has {count} colour components', { count }));
  const [heightPx, widthPx] = [segment.readUInt16BE(1), segment.readUInt16BE(3)];
  const components = Array.from({ length: count }, (_, index) => {
    const [id = 0, factors = 0] = segment.subarray(6 + 3 * index);
    return { id, across: factors >> 4, down: factors & 15 };
  });
  const isSampled = ({ across, down }: { across: number; down: number }) =>
    across >= 1 && across <= 4 && down >= 1 && down <= 4;
  if (!components.every(isSampled)) throw unreadable('its colours have impossible sampling factors');
  const [mostAcross, mostDown] = [
    Math.max(...components.map(({ across }) => across)),
    Math.max(...components.map(({ down }) => down)),
  ];
  const blocks = components.map(({ id, across, down }): [number, number] => [
    id,
    Math.ceil((widthPx * across) / mostAcross / 8) * Math.ceil((heightPx * down) / mostDown / 8),
  ]);
  return { widthPx, heightPx, isProgressive: code === 0xc2, blocks: new Map(blocks) };
}

function scanOf(segment: Buffer, frame: Frame): Scan {
  const components = segment[0] ?? 0;
  let blocks = 0;
  for (let index = 0; index < components; index += 1)
    blocks += frame.blocks.get(segment[1 + 2 * index] ?? -1) ?? 0;
  return { components, blocks };
}
