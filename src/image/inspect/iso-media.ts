import { avifCost, heicCost } from './decode-cost.ts';
import { type IsoItems, type Item, itemsOf } from './iso-items.ts';
import { checkSize, cutShort, type DecodeCost, type PixelLimits, refused } from './limits.ts';

/** @throws PhotoError */
export function inspectAvif(bytes: Buffer, limits: PixelLimits): DecodeCost {
  const { primary, items } = itemsOf(bytes);
  if (!primary) throw cutShort();
  return avifCost({ sizeBytes: bytes.length, pixels: pixelsOf(primary, items, 'avif', limits) });
}

/**
 * Long edge from which on a thumbnail will do: all that a network looks at, and not much less than a vision LLM would
 * get. iPhones put 320 px into their HEICs, Samsungs 512, and decoding one is twenty times cheaper than the photo.
 */
export function enoughThumbnailPx(networkPx: number | undefined, renditionPx: number | undefined): number {
  return Math.ceil(Math.max(networkPx ?? 0, (renditionPx ?? 0) * 0.6));
}

/**
 * @param thumbnailPx long edge from which on a thumbnail is decoded in the picture's place
 * @throws PhotoError
 */
export function inspectHeic(bytes: Buffer, limits: PixelLimits, thumbnailPx: number): DecodeCost {
  const found = itemsOf(bytes);
  if (!found.primary) throw cutShort();
  const shown = thumbnailOf(found, thumbnailPx) ?? found.primary;
  return heicCost({ sizeBytes: bytes.length, pixels: pixelsOf(shown, found.items, 'heic', limits) });
}

/**
 * The smallest thumbnail of the primary picture whose long edge is at least that, if there is one of its coding and
 * shape and with its rotation. Any other would mislead, as would that of a picture with transparency.
 */
export function thumbnailOf({ primary, items }: IsoItems, thumbnailPx: number): Item | undefined {
  if (!primary || primary.widthPx === 0 || primary.heightPx === 0) return undefined;
  const all = [...items.values()];
  if (all.some(({ auxiliaryOf, isAlpha }) => isAlpha && auxiliaryOf === primary.id)) return undefined;
  const shape = primary.widthPx / primary.heightPx;
  const isAlike = ({ widthPx, heightPx, isTurned }: Item) =>
    isTurned === primary.isTurned && Math.abs(widthPx / heightPx / shape - 1) < 0.05;
  return all
    .filter((item) => item.thumbnailOf === primary.id && item.type === 'hvc1' && isAlike(item))
    .filter(({ widthPx, heightPx }) => Math.max(widthPx, heightPx) >= thumbnailPx)
    .sort((one, other) => one.widthPx - other.widthPx)[0];
}

/** Of everything that is decoded to show an item. */
function pixelsOf(
  shown: Item,
  items: IsoItems['items'],
  coding: 'avif' | 'heic',
  limits: PixelLimits,
): number {
  checkSize(shown.widthPx, shown.heightPx, coding, limits);
  if (shown.grid) checkSize(...shown.grid, coding, limits);
  if (shown.tiles.length === 0) return shown.widthPx * shown.heightPx;
  const tiles = shown.tiles.map((id) => items.get(id));
  if (tiles.some((tile) => tile && tile.tiles.length > 0)) throw refused('its tiles are made of tiles');
  const tilePixels = tiles.reduce((sum, tile) => sum + (tile ? tile.widthPx * tile.heightPx : 0), 0);
  // Tiles reach over the right and the lower edge.
  const expected = (shown.widthPx + 1024) * (shown.heightPx + 1024);
  if (tilePixels > expected) throw refused('its tiles are larger than the picture that they make');
  return Math.max(tilePixels, shown.widthPx * shown.heightPx);
}
