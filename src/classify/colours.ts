import type { Colour } from '../image/photo.ts';

/** Names of the colours. Client C compares the Chinese ones, which therefore never change. */
export const colourNames: Readonly<Record<Colour, { readonly zh: string; readonly en: string }>> = {
  red: { zh: '红色', en: 'Red' },
  orange: { zh: '橙色', en: 'Orange' },
  yellow: { zh: '黄色', en: 'Yellow' },
  green: { zh: '绿色', en: 'Green' },
  blue: { zh: '蓝色', en: 'Blue' },
  violet: { zh: '紫色', en: 'Violet' },
  pink: { zh: '粉色', en: 'Pink' },
  grey: { zh: '灰色', en: 'Grey' },
  black: { zh: '黑色', en: 'Black' },
  white: { zh: '白色', en: 'White' },
};

/** A stored colour as clients read it; undefined if it is not one of today's colours. */
export function colourWord(colour: string | undefined): string | undefined {
  return colour !== undefined && Object.hasOwn(colourNames, colour)
    ? colourNames[colour as Colour].zh
    : undefined;
}
