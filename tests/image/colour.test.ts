import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, it, test } from 'vitest';
import { colourOf } from '../../src/image/decode/colour.ts';
import { openDecoder } from '../../src/image/decode/decode.ts';
import { formatOf } from '../../src/image/inspect/format.ts';
import type { Colour } from '../../src/image/photo.ts';
import { jobOf } from '../support/pools.ts';

type Rgb = readonly [red: number, green: number, blue: number];

/** Of columns: each colour as many as its share says, mixed so that no edge is cut off any one. */
function striped(shares: readonly (readonly [Rgb, share: number])[], widthPx = 1000, heightPx = 10) {
  const colours = shares.flatMap(([rgb, share]) => Array.from({ length: share }, () => rgb));
  const data = Uint8Array.from({ length: widthPx * heightPx * 3 }, (_, at) => {
    const x = Math.floor(at / 3) % widthPx;
    // In blocks, so that a smaller picture has the same columns.
    return colours[Math.floor(x / 8) % colours.length]?.[at % 3] ?? 0;
  });
  return { data, widthPx, heightPx };
}
const plain = (rgb: Rgb, widthPx = 60, heightPx = 40) => striped([[rgb, 1]], widthPx, heightPx);

/** HSV to RGB by its definition: hue in degrees, the others from 0 to 1. */
function rgbOf(hue: number, saturation: number, value: number): Rgb {
  const channel = (n: number) => {
    const k = (n + hue / 60) % 6;
    return Math.round(255 * value * (1 - saturation * Math.max(0, Math.min(k, 4 - k, 1))));
  };
  return [channel(5), channel(3), channel(1)];
}

describe('the colour of a plain picture', () => {
  test.each<[string, Rgb, Colour]>([
    ['pure red', [255, 0, 0], 'red'],
    ['pure green', [0, 255, 0], 'green'],
    ['pure blue', [0, 0, 255], 'blue'],
    ['yellow', [255, 255, 0], 'yellow'],
    ['cyan', [0, 255, 255], 'blue'],
    ['magenta', [255, 0, 255], 'pink'],
    ['orange', [255, 128, 0], 'orange'],
    ['violet', [140, 0, 255], 'violet'],
    ['black', [0, 0, 0], 'black'],
    ['nearly black', [40, 42, 44], 'black'],
    ['grey', [128, 128, 128], 'grey'],
    ['light grey', [225, 225, 225], 'grey'],
    ['white', [255, 255, 255], 'white'],
    ['nearly white', [240, 235, 238], 'white'],
  ])('%s', (_, rgb, colour) => {
    expect(colourOf(plain(rgb))).toBe(colour);
    expect(colourOf(plain(rgb, 1, 1))).toBe(colour);
  });

  test('every hue is in the band it belongs to, on both sides of each bound', () => {
    const bounds: [number, Colour][] = [
      [15, 'red'],
      [45, 'orange'],
      [70, 'yellow'],
      [160, 'green'],
      [255, 'blue'],
      [290, 'violet'],
      [320, 'pink'],
      [360, 'red'],
    ];
    for (let hue = 0.5; hue < 360; hue += 1) {
      const expected = bounds.find(([endsAt]) => hue < endsAt)?.[1];
      expect([hue, colourOf(plain(rgbOf(hue, 1, 1)))]).toEqual([hue, expected]);
    }
  });

  it('has none where it is saturated too little', () => {
    expect(colourOf(plain(rgbOf(200, 0.13, 0.6)))).toBe('grey');
    expect(colourOf(plain(rgbOf(200, 0.17, 0.6)))).toBe('blue');
  });
});

describe('the prevailing colour', () => {
  const [red, green, blue]: Rgb[] = [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
  ];
  const [black, grey, white]: Rgb[] = [
    [5, 5, 5],
    [120, 120, 120],
    [250, 250, 250],
  ];
  test.each<[string, [Rgb | undefined, number][], Colour[]]>([
    [
      'half red and half green is one of the two',
      [
        [red, 5],
        [green, 5],
      ],
      ['red', 'green'],
    ],
    [
      'reds on both sides of the circle’s end stay red',
      [
        [rgbOf(350, 1, 1), 5],
        [rgbOf(10, 1, 1), 5],
      ],
      ['red'],
    ],
    [
      'the most frequent hue wins',
      [
        [red, 3],
        [green, 4],
        [blue, 3],
      ],
      ['green'],
    ],
    [
      'white over half',
      [
        [white, 6],
        [red, 4],
      ],
      ['white'],
    ],
    [
      'white at half is not enough',
      [
        [white, 5],
        [red, 5],
      ],
      ['red'],
    ],
    [
      'black over half',
      [
        [black, 6],
        [blue, 4],
      ],
      ['black'],
    ],
    [
      'pixels without colour over six tenths',
      [
        [black, 3],
        [grey, 2],
        [white, 2],
        [green, 3],
      ],
      ['grey'],
    ],
    [
      'fewer of them',
      [
        [black, 3],
        [white, 3],
        [green, 4],
      ],
      ['green'],
    ],
  ])('%s', (_, shares, expected) => {
    const picture = striped(shares.map(([rgb = [0, 0, 0], share]) => [rgb, share] as const));
    expect(expected).toContain(colourOf(picture));
  });

  it('is that of the middle: a tenth of each edge is cut off', () => {
    const [widthPx, heightPx] = [200, 100];
    const data = Uint8Array.from({ length: widthPx * heightPx * 3 }, (_, at) => {
      const [x, y] = [Math.floor(at / 3) % widthPx, Math.floor(at / 3 / widthPx)];
      const isEdge = x < 20 || x >= 180 || y < 10 || y >= 90;
      return (isEdge ? [255, 0, 0] : [0, 0, 255])[at % 3] ?? 0;
    });
    expect(colourOf({ data, widthPx, heightPx })).toBe('blue');
  });
});

describe('a decoded photo', () => {
  const input = {
    widthPx: 256,
    heightPx: 256,
    fit: 'contain',
    background: { r: 0, g: 0, b: 0 },
    kernel: 'linear',
  } as const;
  const decode = openDecoder({ renditionPx: 512, limitPixels: 2e6, thumbnailPx: 256, input });
  const colours = async (bytes: Buffer) => {
    const ways = [
      { rendition: true, infer: false },
      { rendition: true, infer: true },
      { rendition: false, infer: true },
    ];
    const format = formatOf(bytes);
    const made = ways.map((wants) =>
      decode({ ...jobOf(bytes), bytes, format, wants: { ...wants, colour: true } }),
    );
    return (await Promise.all(made)).map(({ colour }) => colour);
  };
  const create = (background: string, width = 90, height = 30) =>
    sharp({ create: { width, height, channels: 4, background } });

  it('has one whatever else it is decoded for, without the frame of the network’s input', async () => {
    const red = await create('#f00').jpeg().toBuffer();
    expect(await colours(red)).toEqual(['red', 'red', 'red']);
    const white = await create('#fff', 30, 1200).png().toBuffer();
    expect(await colours(white)).toEqual(['white', 'white', 'white']);
  });

  it('is on white where it is transparent', async () => {
    expect(await colours(await create('#00000000').png().toBuffer())).toEqual(['white', 'white', 'white']);
  });

  it.each([
    ['coffee.jpg', 'orange'],
    ['bank-card.jpg', 'green'],
    ['screenshot.jpg', 'white'],
  ])('%s is %s', async (name, colour) => {
    expect(await colours(readFileSync(`docs/samples/${name}`))).toEqual([colour, colour, colour]);
  });

  it('has none if it is not wanted', async () => {
    const bytes = await create('#f00').jpeg().toBuffer();
    expect(await decode({ ...jobOf(bytes), bytes, format: 'jpeg' })).not.toHaveProperty('colour');
  });
});
