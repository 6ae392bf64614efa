/** Photos that tell more than they show: each has the word SECRET wherever phones, editors and chat apps put words. */
import sharp from 'sharp';

export const secret = 'SECRET';

const photo = sharp('docs/samples/cat.jpg').resize(320);
const plain: Buffer = await photo.clone().jpeg().toBuffer();
const thumbnail = segment(await photo.clone().resize(80).jpeg().toBuffer(), 0xfe, Buffer.from(secret));

/** Puts a segment right behind the start of a JPEG, or before the first segment of that code. */
function segment(jpeg: Buffer, code: number, content: Buffer, before?: number): Buffer {
  const at = before === undefined ? 2 : jpeg.indexOf(Buffer.from([0xff, before]));
  const head = Buffer.from([0xff, code, 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, at), head, content, jpeg.subarray(at)]);
}

const words = (text: string) => Buffer.from(text, 'latin1');
const xmp = words(`http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/">${secret}</x:xmpmeta>`);
const moreXmp = words(`http://ns.adobe.com/xmp/extension/\0${'0'.repeat(40)}${secret}`);
/** TIFF, little-endian: no orientation, a maker note, then a thumbnail. */
const exif = Buffer.concat([
  words('Exif\0\0II*\0\x08\0\0\0\x01\0\x7c\x92\x07\0\x06\0\0\0\x1a\0\0\0\0\0\0\0'),
  words(secret),
  thumbnail,
]);
const multiPicture = words('MPF\0MM\0*\0\0\0\x08');
const other = segment(segment(plain, 0xe1, exif), 0xe1, xmp);
const tagged = () =>
  photo.clone().withExif({
    IFD0: { Make: secret, Copyright: secret },
    IFD3: { GPSLatitude: '52/1 31/1 0/1', GPSProcessingMethod: secret },
  });
const xmpText = `<x:xmpmeta xmlns:x="adobe:ns:meta/">${secret}</x:xmpmeta>`;

const otherCodes = [0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xef];
const [scan, tables, end] = [0xda, 0xc4, 0xd9];

export const tellingPhotos: Readonly<Record<string, Buffer>> = {
  'EXIF with a maker note and a thumbnail': segment(plain, 0xe1, exif),
  'EXIF and position by an editor': await tagged().withXmp(xmpText).jpeg().toBuffer(),
  'EXIF that has it turned': await tagged().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
  'a second and a third APP1': segment(segment(segment(plain, 0xe1, moreXmp), 0xe1, xmp), 0xe1, exif),
  'EXIF behind its tables': segment(plain, 0xe1, exif, tables),
  'EXIF right before its scan': segment(plain, 0xe1, exif, scan),
  'EXIF behind its scan': Buffer.concat([segment(plain, 0xe1, exif, end)]),
  'a JFIF thumbnail': segment(plain, 0xe0, Buffer.concat([words('JFXX\0\x10'), thumbnail])),
  'captions of IPTC, a profile and a comment': segment(
    segment(
      segment(plain, 0xed, words(`Photoshop 3.0\x008BIM${secret}`)),
      0xe2,
      words(`ICC_PROFILE\0\x01\x01${secret}`),
    ),
    0xfe,
    words(secret),
  ),
  'every other application segment': otherCodes.reduce<Buffer>(
    (jpeg, code) => segment(jpeg, code, words(`${code} ${secret}`)),
    plain,
  ),
  'several pictures (MPO)': Buffer.concat([segment(plain, 0xe2, multiPicture), other, other]),
  'a gain map': Buffer.concat([segment(segment(plain, 0xe2, multiPicture), 0xe1, xmp), other]),
  'a video behind its end': Buffer.concat([plain, words(`\0\0\0\x18ftypmp42${secret}`)]),
  'a trailer of Samsung’s': Buffer.concat([plain, words(`Image_UTC_Data${secret}SEFT`)]),
  'several passes': await tagged().withXmp(xmpText).jpeg({ progressive: true }).toBuffer(),
  PNG: await tagged().withXmp(xmpText).png().toBuffer(),
  WebP: await tagged().withXmp(xmpText).webp().toBuffer(),
  AVIF: await tagged().withXmp(xmpText).avif({ effort: 0 }).toBuffer(),
};
