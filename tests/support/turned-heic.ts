/** One box: ISO/IEC 14496-12, 4.2. */
export function box(type: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const header = Buffer.alloc(8);
  header.writeUInt32BE(body.length + 8);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, body]);
}

interface Part {
  readonly type: string;
  readonly content: Buffer;
}

function parts(bytes: Buffer): Part[] {
  const found: Part[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    found.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      content: bytes.subarray(at + 8, at + size),
    });
    at += size;
  }
  return found;
}

const replaced = (all: readonly Part[], type: string, change: (content: Buffer) => Buffer) =>
  Buffer.concat(all.map((part) => box(part.type, part.type === type ? change(part.content) : part.content)));

/** A HEIC file that is turned: `irot` with quarters of a turn to the left, or `imir` with an axis. */
export const withTransform = (
  heic: Buffer,
  type: 'irot' | 'imir',
  value: number,
  items: readonly number[],
): Buffer => withProperty(heic, type, Buffer.from([value]), items);

/** A HEIC file of heif-enc's with a property more, for the items named, as phones write them. */
export function withProperty(heic: Buffer, type: string, property: Buffer, items: readonly number[]): Buffer {
  const meta = parts(heic).find((part) => part.type === 'meta')?.content ?? Buffer.alloc(0);
  const inMeta = parts(meta.subarray(4));
  const changedMeta = (delta: number) =>
    Buffer.concat([
      meta.subarray(0, 4),
      ...inMeta.map((part) => {
        if (part.type === 'iloc') return box('iloc', shifted(part.content, delta));
        if (part.type !== 'iprp') return box(part.type, part.content);
        const inside = parts(part.content);
        const container = inside.find((one) => one.type === 'ipco')?.content ?? Buffer.alloc(0);
        const index = parts(container).length + 1;
        const extended = replaced(inside, 'ipco', (content) => Buffer.concat([content, box(type, property)]));
        return box(
          'iprp',
          replaced(parts(extended), 'ipma', (content) => associated(content, index, items)),
        );
      }),
    ]);
  const delta = changedMeta(0).length - meta.length;
  return replaced(parts(heic), 'meta', () => changedMeta(delta));
}

/** heif-enc writes short associations: version 0, flags 0. */
function associated(content: Buffer, index: number, items: readonly number[]): Buffer {
  const pieces = [content.subarray(0, 8)];
  for (let at = 8; at < content.length; ) {
    const count = content[at + 2] ?? 0;
    const end = at + 3 + count;
    const isMeant = items.includes(content.readUInt16BE(at));
    const head = Buffer.from(content.subarray(at, at + 3));
    if (isMeant) head[2] = count + 1;
    pieces.push(head, content.subarray(at + 3, end), ...(isMeant ? [Buffer.from([0x80 | index])] : []));
    at = end;
  }
  return Buffer.concat(pieces);
}

/** Moves the places of all items that lie in the file, not in the box itself: version 1, every size 4 bytes. */
function shifted(content: Buffer, delta: number): Buffer {
  const moved = Buffer.from(content);
  let at = 8;
  for (let left = content.readUInt16BE(6); left > 0; left -= 1) {
    const isInFile = content.readUInt16BE(at + 2) === 0;
    if (isInFile) moved.writeUInt32BE(content.readUInt32BE(at + 6) + delta, at + 6);
    at += 12 + 8 * content.readUInt16BE(at + 10);
  }
  return moved;
}
