import type { Message } from '../../messages/text.ts';

/** What people send by mistake, or in hope: a name for the sentence, the place of the signature, its hex digits. */
const signatures: readonly (readonly [name: Message, at: number, hex: string])[] = [
  ['a PDF', 0, '255044462d'],
  ['a TIFF or a camera raw file', 0, '49492a00'],
  ['a TIFF or a camera raw file', 0, '49492b00'],
  ['a TIFF or a camera raw file', 0, '4d4d002a'],
  ['a TIFF or a camera raw file', 0, '4d4d002b'],
  ['an icon', 0, '00000100'],
  ['an icon', 0, '00000200'],
  ['a Photoshop document', 0, '38425053'],
  ['a JPEG XL', 0, 'ff0a'],
  ['a JPEG XL', 0, '0000000c4a584c20'],
  ['a JPEG 2000', 0, '0000000c6a502020'],
  ['a JPEG 2000', 0, 'ff4fff51'],
  ['a video', 4, '66747970'],
  ['a video', 4, '6d6f6f76'],
  ['a video', 4, '6d646174'],
  ['a video', 0, '1a45dfa3'],
  ['a video', 8, '41564920'],
  ['a video', 0, '464c5601'],
  ['a video', 0, '000001ba'],
  ['a sound file', 8, '57415645'],
  ['a sound file', 0, '494433'],
  ['a sound file', 0, '4f676753'],
  ['a sound file', 0, '664c6143'],
  ['an archive or an office document', 0, '504b0304'],
  ['an archive or an office document', 0, '1f8b'],
  ['an archive or an office document', 0, '377abcaf'],
  ['an archive or an office document', 0, '52617221'],
];

/** What a file that is no accepted photo most likely is, with its article; `undefined` where it can't be told. */
export function nameOfOther(bytes: Buffer): Message | undefined {
  const known = signatures.find(([, at, hex]) => bytes.toString('hex', at, at + hex.length / 2) === hex);
  if (known) return known[0];
  // Two letters are too few to tell a bitmap from a text: the four reserved bytes behind its size are zero.
  if (bytes.toString('latin1', 0, 2) === 'BM' && bytes.toString('hex', 6, 10) === '00000000') return 'a BMP';
  return nameOfText(bytes.toString('utf8', 0, 512));
}

function nameOfText(beginning: string): Message | undefined {
  const lower = beginning.toLowerCase();
  if (lower.includes('<svg')) return 'an SVG drawing';
  if (lower.includes('<!doctype html') || lower.includes('<html')) return 'a web page';
  return /^[\t\n\r\x20-\x7e]+$/.test(beginning) ? 'text' : undefined;
}
