import { text } from '../../messages/text.ts';
import { type Box, type BoxCount, boxesIn, numbersOf } from './boxes.ts';
import { refused, unreadable } from './limits.ts';

/** One picture, tile or other thing in a HEIF or AVIF file. */
export interface Item {
  readonly id: number;
  /** Four letters: `hvc1` and `av01` are coded pictures, `grid` is one made of tiles. */
  type: string;
  widthPx: number;
  heightPx: number;
  /** Turned or mirrored when shown. */
  isTurned: boolean;
  /** What it is made of, in their order; an item may be named more than once. */
  tiles: readonly number[];
  /** The picture that this one is a thumbnail of. */
  thumbnailOf: number | undefined;
  /** The picture that this one says something else about: how transparent it is, how far away, how bright. */
  auxiliaryOf?: number;
  /** It says how transparent another picture is. */
  isAlpha?: boolean;
  /** A grid's own word of its size, where it can be read. */
  grid?: readonly [widthPx: number, heightPx: number];
}

export interface IsoItems {
  readonly primary: Item | undefined;
  readonly items: ReadonlyMap<number, Item>;
}

/** 48 megapixels of 512 px tiles are 192, a gain map has a quarter of that. */
const mostItems = 2000;
const mostReferences = 20_000;

/**
 * Reads the `meta` box of a HEIF or AVIF file: ISO/IEC 23008-12 and 14496-12, 8.11.
 * @throws UndecodableError
 */
export function itemsOf(bytes: Buffer): IsoItems {
  const count: BoxCount = { boxes: 0 };
  const meta = boxesIn(bytes, count).find(({ type }) => type === 'meta');
  if (!meta) throw unreadable('it does not say which pictures it holds');
  const boxes = boxesIn(meta.content.subarray(4), count);
  const items = new Map<number, Item>();
  for (const { content } of boxes.filter(({ type }) => type === 'iinf')) listItems(content, items, count);
  for (const { content } of boxes.filter(({ type }) => type === 'iref'))
    readReferences(content, items, count);
  for (const { content } of boxes.filter(({ type }) => type === 'iprp'))
    readProperties(content, items, count);
  readGrids(boxes, bytes, items);
  const pitm = numbersOf(boxes.find(({ type }) => type === 'pitm')?.content ?? Buffer.alloc(0));
  const primary = items.get(pitm.next(4) >>> 24 === 0 ? pitm.next(2) : pitm.next(4));
  return { primary, items };
}

function listItems(content: Buffer, items: Map<number, Item>, count: BoxCount): void {
  const header = numbersOf(content);
  header.next(header.next(4) >>> 24 === 0 ? 2 : 4);
  for (const { type, content: entry } of boxesIn(header.rest(), count)) {
    if (type !== 'infe') continue;
    const numbers = numbersOf(entry);
    const version = numbers.next(4) >>> 24;
    const id = numbers.next(version >= 3 ? 4 : 2);
    numbers.next(2);
    const itemType = version >= 2 ? numbers.text(4) : '';
    items.set(id, {
      id,
      type: itemType,
      widthPx: 0,
      heightPx: 0,
      isTurned: false,
      tiles: [],
      thumbnailOf: undefined,
    });
    if (items.size > mostItems)
      throw refused(text('it holds more than {most} pictures or tiles', { most: mostItems }));
  }
}

function readReferences(content: Buffer, items: Map<number, Item>, count: BoxCount): void {
  const idBytes = (content[0] ?? 0) === 0 ? 2 : 4;
  let references = 0;
  for (const { type, content: entry } of boxesIn(content.subarray(4), count)) {
    const numbers = numbersOf(entry);
    const from = items.get(numbers.next(idBytes));
    const length = numbers.next(2);
    references += length;
    if (references > mostReferences) throw refused('its pictures refer to each other thousands of times');
    const to = Array.from({ length }, () => numbers.next(idBytes));
    if (from && type === 'dimg') from.tiles = to;
    if (from && type === 'thmb') from.thumbnailOf = to[0];
    if (from && type === 'auxl' && to[0] !== undefined) from.auxiliaryOf = to[0];
  }
}

function readProperties(content: Buffer, items: Map<number, Item>, count: BoxCount): void {
  const boxes = boxesIn(content, count);
  const properties = boxes
    .filter(({ type }) => type === 'ipco')
    .flatMap((container) => boxesIn(container.content, count));
  for (const { content: associations } of boxes.filter(({ type }) => type === 'ipma')) {
    const numbers = numbersOf(associations);
    const header = numbers.next(4);
    const isLong = (header & 1) === 1;
    for (let left = numbers.next(4); left > 0 && !numbers.isAtEnd(); left -= 1) {
      const item = items.get(numbers.next(header >>> 24 === 0 ? 2 : 4));
      for (let index = numbers.next(1); index > 0; index -= 1) {
        const position = numbers.next(isLong ? 2 : 1) & (isLong ? 0x7fff : 0x7f);
        if (item) apply(properties[position - 1], item);
      }
    }
  }
}

function apply(property: Box | undefined, item: Item): void {
  if (property?.type === 'ispe' && property.content.length >= 12) {
    item.widthPx = property.content.readUInt32BE(4);
    item.heightPx = property.content.readUInt32BE(8);
  }
  if (property?.type === 'auxC')
    item.isAlpha = /^(urn:mpeg:mpegB:cicp:systems:auxiliary:alpha|urn:mpeg:hevc:2015:auxid:1)\0/.test(
      property.content.toString('latin1', 4, 64),
    );
  if (property?.type === 'irot') item.isTurned ||= (property.content[0] ?? 0) % 4 !== 0;
  if (property?.type === 'imir') item.isTurned = true;
}

/** Where each item lies: only those of grids are wanted, a few bytes each. */
function readGrids(boxes: readonly Box[], bytes: Buffer, items: Map<number, Item>): void {
  const iloc = boxes.find(({ type }) => type === 'iloc');
  if (!iloc) return;
  const idat = boxes.find(({ type }) => type === 'idat')?.content;
  const numbers = numbersOf(iloc.content);
  const version = numbers.next(4) >>> 24;
  const sizes = numbers.next(2);
  const [offsetBytes, lengthBytes] = [sizes >> 12, (sizes >> 8) & 15];
  const [baseBytes, indexBytes] = [(sizes >> 4) & 15, version > 0 ? sizes & 15 : 0];
  for (let left = numbers.next(version < 2 ? 2 : 4); left > 0 && !numbers.isAtEnd(); left -= 1) {
    const item = items.get(numbers.next(version < 2 ? 2 : 4));
    const isInIdat = version > 0 && (numbers.next(2) & 15) === 1;
    numbers.next(2);
    const base = numbers.next(baseBytes);
    for (let extents = numbers.next(2), first = true; extents > 0 && !numbers.isAtEnd(); extents -= 1) {
      numbers.next(indexBytes);
      const offset = base + numbers.next(offsetBytes);
      const length = numbers.next(lengthBytes);
      const source = isInIdat ? idat : bytes;
      if (first && item?.type === 'grid' && source)
        item.grid = gridSize(source.subarray(offset, offset + (length || 12)));
      first = false;
    }
  }
}

/** ISO/IEC 23008-12, 6.6.2.3: version, flags, rows, columns, width, height. */
function gridSize(content: Buffer): readonly [number, number] {
  const numbers = numbersOf(content);
  const edgeBytes = (numbers.next(2) & 1) === 1 ? 4 : 2;
  numbers.next(2);
  return [numbers.next(edgeBytes), numbers.next(edgeBytes)];
}
