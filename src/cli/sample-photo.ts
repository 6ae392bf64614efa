import sharp from 'sharp';

/** A house on a hill under the sun. Any category is a good answer. */
const scene = (widthPx: number, heightPx: number) => `
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300" width="${widthPx}" height="${heightPx}">
  <defs><linearGradient id="sky" x2="0" y2="1"><stop stop-color="#4a90d9"/><stop offset="1" stop-color="#dff1ff"/></linearGradient></defs>
  <rect width="400" height="300" fill="url(#sky)"/>
  <circle cx="320" cy="60" r="28" fill="#ffd34d"/>
  <path d="M0 210 Q110 130 220 205 T400 180 V300 H0 Z" fill="#5b8c4a"/>
  <path d="M0 250 Q160 200 400 240 V300 H0 Z" fill="#3f6f35"/>
  <path d="M120 190 v-46 l34 -28 34 28 v46 Z" fill="#f3e6d0"/>
  <path d="M110 148 l44 -38 44 38 Z" fill="#a5452f"/>
  <rect x="146" y="160" width="18" height="30" fill="#6b4a32"/>
</svg>`;

/** A JPEG like those that photos become before they are sent. */
export function samplePhoto(longEdgePx: number): Promise<Buffer> {
  const heightPx = Math.round(longEdgePx * 0.75);
  return sharp(Buffer.from(scene(longEdgePx, heightPx)))
    .jpeg({ quality: 80 })
    .toBuffer();
}
