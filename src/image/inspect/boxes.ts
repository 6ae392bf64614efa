import { refused } from './limits.ts';

/** One box of an ISO base media file (ISO/IEC 14496-12, 4.2), without its header. */
export interface Box {
  readonly type: string;
  readonly content: Buffer;
}

/** A phone's photo of 200 tiles with a gain map has about 900 boxes in all. */
const mostBoxes = 10_000;

/** Counts over one whole file. */
export interface BoxCount {
  boxes: number;
}

/**
 * The boxes that lie side by side in these bytes. A last one that claims more than is there is cut to what is: its
 * content may still be on its way out of a torn file.
 * @throws UndecodableError too many
 */
export function boxesIn(bytes: Buffer, count: BoxCount): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    count.boxes += 1;
    if (count.boxes > mostBoxes) throw refused('it is made of thousands of boxes');
    let size = bytes.readUInt32BE(at);
    let headerBytes = 8;
    if (size === 1) {
      if (at + 16 > bytes.length) break;
      size = Number(bytes.readBigUInt64BE(at + 8));
      headerBytes = 16;
    } else if (size === 0) size = bytes.length - at;
    if (size < headerBytes) break;
    const type = bytes.toString('latin1', at + 4, at + 8);
    boxes.push({ type, content: bytes.subarray(at + headerBytes, at + size) });
    at += size;
  }
  return boxes;
}

/** Reads numbers one after the other. What would lie behind the end reads as 0: torn files are found out elsewhere. */
export function numbersOf(content: Buffer) {
  let at = 0;
  const numbers = {
    /** Big-endian. The format has numbers of 0 to 4 bytes and of 8; what claims another length is read as 0. */
    next(bytes: number): number {
      const from = at;
      at += bytes;
      if (bytes === 0 || at > content.length) return 0;
      if (bytes === 8) return Number(content.readBigUInt64BE(from));
      return bytes <= 4 ? content.readUIntBE(from, bytes) : 0;
    },
    text(bytes: number): string {
      at += bytes;
      return content.toString('latin1', at - bytes, at);
    },
    isAtEnd: () => at >= content.length,
    rest: () => content.subarray(at),
  };
  return numbers;
}
