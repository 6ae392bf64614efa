import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { withoutCompressedText } from '../inspect/png-text.ts';
import type { Colour, Fingerprint, ImageFormat, Wants } from '../photo.ts';
import { colourOf, type Region } from './colour.ts';
import { withProfile } from './colour-profile.ts';
import { toleranceFor } from './damage-tolerance.ts';
import type { RawPicture } from './downscale.ts';
import { fingerprintOf } from './fingerprint.ts';
import { decodeHeic } from './heic.ts';
import { photoErrorFor, tooManyPixels } from './sharp-errors.ts';
import { framed, vendorFrame } from './vendor-frame.ts';

/** How a network wants its photo: 8-bit sRGB, three interleaved channels, upright, resized like this. */
export interface NetworkInput {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly fit: 'contain' | 'cover' | 'fill';
  /** Around a photo that does not fill the frame, 0 to 255. */
  readonly background: { readonly r: number; readonly g: number; readonly b: number };
  readonly kernel: 'nearest' | 'linear' | 'cubic' | 'mitchell' | 'lanczos2' | 'lanczos3';
}

export interface DecoderOptions {
  /** Long edge of the rendition; smaller photos keep their size. */
  readonly renditionPx: number;
  /** Larger photos are refused, whatever the header check let pass. */
  readonly limitPixels: number;
  /** The same of a HEIC that is not shown by its thumbnail. Default: the same number. */
  readonly heicLimitPixels?: number;
  /** Long edge from which on a HEIC's thumbnail is decoded in the photo's place. */
  readonly thumbnailPx: number;
  /** Absent where there is no network to feed. */
  readonly input?: NetworkInput;
}

export interface Decoded {
  /** Upright. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Empty unless wanted. */
  readonly rendition: Buffer;
  /** The whole picture, where the rendition is not: for the network. */
  readonly whole?: Buffer;
  /** `widthPx * heightPx * 3` bytes of the network's input; absent unless wanted. */
  readonly pixels?: Buffer;
  /** Absent unless wanted. */
  readonly colour?: Colour;
  /** Absent unless wanted with a rendition, and for a picture without features. */
  readonly fingerprint?: Fingerprint;
}

/** The photo to decode. */
export interface Source {
  readonly bytes: Buffer;
  readonly format: ImageFormat;
  readonly wants: Wants;
}

type Outputs = Pick<Decoded, 'rendition' | 'whole' | 'pixels'> & {
  /** What a colour and, beside a rendition, a fingerprint is made of; absent where nothing was wanted. */
  readonly shown?: { readonly picture: RawPicture; readonly region?: Region };
};

const renditionQuality = 80;

/**
 * Decodes untrusted photos, each once for all that is wanted of it: first frame, upright, sRGB. What goes out is made
 * of pixels alone, so no metadata can leave.
 * @throws PhotoError from what it returns
 */
export function openDecoder({ renditionPx, limitPixels, input, ...heic }: DecoderOptions) {
  type Upright = Pick<Decoded, 'widthPx' | 'heightPx'>;

  async function decodedFrom(open: () => Sharp, { widthPx, heightPx }: Upright, wants: Wants) {
    const { shown, ...made } = await outputs(open, {
      renditionPx: wants.rendition ? renditionPx : undefined,
      input: wants.infer ? input : undefined,
      shape: widthPx / heightPx,
    });
    const isFingerprinted = wants.fingerprint && wants.rendition;
    const fingerprint = isFingerprinted && shown && fingerprintOf(shown.picture, { widthPx, heightPx });
    const frame = wants.rendition ? vendorFrame({ widthPx, heightPx }, renditionPx) : undefined;
    const cut = frame && (await jpegOf(framed(opaque(open()), frame)));
    return {
      ...{ widthPx, heightPx, ...made },
      ...(cut && { rendition: cut, whole: made.rendition }),
      ...(fingerprint && { fingerprint }),
      ...(wants.colour && shown && { colour: colourOf(shown.picture, shown.region) }),
    };
  }

  async function fromFile({ bytes, format, wants }: Source): Promise<Decoded> {
    const picture =
      format === 'png' ? withoutCompressedText(bytes) : format === 'avif' ? asStill(bytes) : bytes;
    const open = (failOn: NonNullable<SharpOptions['failOn']>) =>
      sharp(picture, { failOn, limitInputPixels: limitPixels, sequentialRead: true, pages: 1 });
    const header = await open('error').metadata();
    if (header.width * header.height > limitPixels) throw tooManyPixels();
    const { width: widthPx, height: heightPx } = header.autoOrient;
    const render = (failOn: NonNullable<SharpOptions['failOn']>) =>
      decodedFrom(() => open(failOn).autoOrient(), { widthPx, heightPx }, wants);
    return render('error').catch(async (error: unknown) => {
      const tolerance = await toleranceFor(error, { bytes, format, header });
      if (tolerance === undefined) throw error;
      return render(tolerance);
    });
  }

  async function fromHeic({ bytes, wants }: Source): Promise<Decoded> {
    const { raw, profile, ...upright } = decodeHeic(bytes, {
      thumbnailPx: heic.thumbnailPx,
      limitPixels: heic.heicLimitPixels ?? limitPixels,
    });
    const size = { width: raw.widthPx, height: raw.heightPx, channels: 3 as const };
    const limits = { limitInputPixels: limitPixels };
    const open = () => sharp(raw.pixels, { raw: size, ...limits });
    // Twice of what is made of it: colours of a whole photo take a third of a second.
    const enoughPx = 2 * Math.max(renditionPx, input?.widthPx ?? 0, input?.heightPx ?? 0);
    const coloured = profile && (await withProfile(within(open(), enoughPx), profile));
    return decodedFrom(coloured ? () => sharp(coloured, limits) : open, upright, wants);
  }

  return async (source: Source): Promise<Decoded> => {
    try {
      return await (source.format === 'heic' ? fromHeic(source) : fromFile(source));
    } catch (error) {
      throw photoErrorFor(error, source.bytes, source.format);
    }
  };
}

/** An animated AVIF is read for its still picture: libvips knows it by the brand of one only. */
function asStill(avif: Buffer): Buffer {
  if (avif.toString('latin1', 8, 12) !== 'avis') return avif;
  const still = Buffer.from(avif);
  still.write('avif', 8, 'latin1');
  return still;
}

interface Wanted {
  readonly renditionPx: number | undefined;
  readonly input: NetworkInput | undefined;
  /** Width by height, upright. */
  readonly shape: number;
}

/**
 * What several outputs are made of comes from one decode to a size in between, at least twice the network's edge: the
 * network's probabilities then differ from those of the direct way by 0.001 on average (bench/decode-once.ts). Only a
 * network that sees a photo whole can share: a crop of a panorama needs more of it than the size in between has.
 */
async function outputs(open: () => Sharp, { renditionPx, input, shape }: Wanted): Promise<Outputs> {
  if (renditionPx === undefined) return input ? networkOutputs(open(), input, shape) : { rendition: nothing };
  const shares = input?.fit === 'contain';
  const sharedPx = shares ? Math.max(renditionPx, 2 * input.widthPx, 2 * input.heightPx) : renditionPx;
  const { data, info } = await within(opaque(open()), sharedPx).raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const again = () => sharp(data, { raw: { width, height, channels } });
  const pixels = input && (await pixelsOf(shares ? again() : open(), input));
  return {
    rendition: await renditionOf(again(), renditionPx),
    ...(pixels && { pixels }),
    shown: { picture: { data, widthPx: width, heightPx: height } },
  };
}

const nothing = Buffer.alloc(0);

async function networkOutputs(image: Sharp, input: NetworkInput, shape: number): Promise<Outputs> {
  const pixels = await pixelsOf(image, input);
  const picture = { data: pixels, widthPx: input.widthPx, heightPx: input.heightPx };
  if (input.fit !== 'contain') return { rendition: nothing, pixels, shown: { picture } };
  return { rendition: nothing, pixels, shown: { picture, region: regionIn(input, shape) } };
}

/** Three channels of sRGB, on white where the photo is transparent. */
function opaque(image: Sharp): Sharp {
  return image.flatten({ background: '#fff' }).toColourspace('srgb');
}

function within(image: Sharp, edgePx: number): Sharp {
  return image.resize(edgePx, edgePx, { fit: 'inside', withoutEnlargement: true });
}

function renditionOf(image: Sharp, renditionPx: number): Promise<Buffer> {
  return jpegOf(within(opaque(image), renditionPx));
}

function jpegOf(image: Sharp): Promise<Buffer> {
  return image.jpeg({ quality: renditionQuality }).toBuffer();
}

/** The photo without what a network's frame adds around it. */
function regionIn({ widthPx, heightPx }: NetworkInput, shape: number): Region {
  const width = Math.max(1, Math.min(widthPx, Math.floor(heightPx * shape)));
  const height = Math.max(1, Math.min(heightPx, Math.floor(widthPx / shape)));
  return {
    left: (widthPx - width) >> 1,
    top: (heightPx - height) >> 1,
    widthPx: width,
    heightPx: height,
  };
}

async function pixelsOf(image: Sharp, input: NetworkInput): Promise<Buffer> {
  const { widthPx, heightPx, fit, background, kernel } = input;
  const { data, info } = await opaque(image)
    .resize(widthPx, heightPx, { fit, background, kernel, position: 'centre' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.width !== widthPx || info.height !== heightPx || info.channels !== 3)
    throw new Error(`decoded to ${info.width}×${info.height}×${info.channels}`);
  return data;
}
