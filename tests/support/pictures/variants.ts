/** What becomes of a picture: in chat apps, in editors, and in the next photo of a burst. */
import sharp from 'sharp';

export type Variant = (
  photo: Buffer,
  size: { readonly widthPx: number; readonly heightPx: number },
) => Promise<Buffer>;

const shrunk =
  (share: number, quality = 85): Variant =>
  (photo, { widthPx }) =>
    sharp(photo)
      .resize(Math.round(widthPx * share))
      .jpeg({ quality })
      .toBuffer();
const compressed =
  (quality: number): Variant =>
  (photo) =>
    sharp(photo).jpeg({ quality }).toBuffer();
const within =
  (edgePx: number, quality: number): Variant =>
  (photo) =>
    sharp(photo)
      .resize(edgePx, edgePx, { fit: 'inside', withoutEnlargement: true })
      .jpeg({ quality })
      .toBuffer();
/** @param shares of width and height that go, at each side */
const cut =
  (left: number, top: number, right: number, bottom: number): Variant =>
  (photo, { widthPx, heightPx }) => {
    const [x, y] = [Math.round(widthPx * left), Math.round(heightPx * top)];
    const width = widthPx - x - Math.round(widthPx * right);
    const height = heightPx - y - Math.round(heightPx * bottom);
    return sharp(photo).extract({ left: x, top: y, width, height }).jpeg({ quality: 85 }).toBuffer();
  };
const drawn =
  (draw: (widthPx: number, heightPx: number) => string): Variant =>
  (photo, { widthPx, heightPx }) => {
    const svg = `<svg width="${widthPx}" height="${heightPx}">${draw(widthPx, heightPx)}</svg>`;
    return sharp(photo)
      .composite([{ input: Buffer.from(svg) }])
      .jpeg()
      .toBuffer();
  };

/** The same picture: of photos as they are. */
export const encodings: Readonly<Record<string, Variant>> = {
  'JPEG quality 40': compressed(40),
  'JPEG quality 70': compressed(70),
  'JPEG quality 95': compressed(95),
  'WebP quality 75': (photo) => sharp(photo).webp({ quality: 75 }).toBuffer(),
  PNG: (photo) => sharp(photo).png().toBuffer(),
  AVIF: (photo) => sharp(photo).avif({ effort: 1 }).toBuffer(),
  'resized to 75 %': shrunk(0.75),
  'resized to 50 %': shrunk(0.5),
  'resized to 25 %': shrunk(0.25),
  'resized and compressed twice': async (photo, size) =>
    compressed(50)(await shrunk(0.7, 60)(photo, size), size),
};

/** The same picture: of photos in a phone's size, as chat apps send them on. */
export const chatCopies: Readonly<Record<string, Variant>> = {
  'chat app, 1600 px, quality 80': within(1600, 80),
  'chat app, 1280 px, quality 75': within(1280, 75),
  'chat app, 1024 px, quality 70': within(1024, 70),
  'chat app, twice': async (photo, size) => within(1280, 50)(await within(1280, 70)(photo, size), size),
};

/** The next photo of a burst: the same scene, and not the same picture where the eye sees that. */
export const bursts: Readonly<Record<string, Variant>> = {
  'cropped by 1 % in all': cut(0.005, 0.005, 0.005, 0.005),
  'cropped by 2 % in all': cut(0.01, 0.01, 0.01, 0.01),
  'cropped by 4 % in all': cut(0.02, 0.02, 0.02, 0.02),
  'moved by 1 %': cut(0.01, 0, 0, 0.01),
  'moved by 3 %': cut(0.03, 0, 0, 0.03),
  'turned by 1°': async (photo, { widthPx, heightPx }) => {
    const turned = await sharp(photo).rotate(1).resize(widthPx, heightPx, { fit: 'cover' }).toBuffer();
    return cut(0.02, 0.02, 0.02, 0.02)(turned, { widthPx, heightPx });
  },
  'a tenth of it moved by 5 %': async (photo, { widthPx, heightPx }) => {
    const [left, top] = [Math.round(widthPx * 0.35), Math.round(heightPx * 0.35)];
    const [width, height] = [Math.round(widthPx * 0.3), Math.round(heightPx * 0.3)];
    const input = await sharp(photo).extract({ left, top, width, height }).toBuffer();
    return sharp(photo)
      .composite([{ input, left: left + Math.round(widthPx * 0.05), top }])
      .jpeg()
      .toBuffer();
  },
};

/** Another picture made of it. */
export const edits: Readonly<Record<string, Variant>> = {
  'a caption': drawn(
    (width, height) =>
      `<text x="${width / 2}" y="${height * 0.93}" font-size="${height * 0.07}" text-anchor="middle" fill="#fff" stroke="#000">hello world again</text>`,
  ),
  'a small date in the corner': drawn(
    (width, height) =>
      `<text x="${width * 0.98}" y="${height * 0.98}" font-size="${height * 0.03}" text-anchor="end" fill="#fff">2026-05-01 12:00</text>`,
  ),
  'a thin red circle': drawn(
    (width, height) =>
      `<circle cx="${width * 0.4}" cy="${height * 0.5}" r="${height * 0.12}" fill="none" stroke="red" stroke-width="${height * 0.012}"/>`,
  ),
  'a sticker': drawn(
    (width, height) => `<circle cx="${width / 2}" cy="${height * 0.4}" r="${height * 0.08}" fill="#fc3"/>`,
  ),
  'a tenth lighter': (photo) => sharp(photo).modulate({ brightness: 1.1 }).jpeg().toBuffer(),
  'stronger colours': (photo) => sharp(photo).modulate({ saturation: 1.4 }).jpeg().toBuffer(),
  'black and white': (photo) => sharp(photo).greyscale().jpeg().toBuffer(),
  blurred: (photo) => sharp(photo).blur(6).jpeg().toBuffer(),
};
