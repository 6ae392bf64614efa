import type { WaitContext } from '../resilience/wait-until.ts';

/** A complete upload: its bytes, and the SHA-256 computed while they arrived. */
export interface Upload {
  readonly bytes: Buffer;
  /** 64 lower-case hex digits, of `bytes`. */
  readonly sha256: string;
}

export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'avif' | 'heic';

/** A colour as the store keeps it. Answers carry a word for it. */
export type Colour =
  | 'red'
  | 'orange'
  | 'yellow'
  | 'green'
  | 'blue'
  | 'violet'
  | 'pink'
  | 'grey'
  | 'black'
  | 'white';

/** What a picture looks like in every encoding of it: enough to tell whether another one is the same to the eye. */
export interface PictureCells {
  /** 28 × 28 cells, row by row, 0 to 255 each. */
  readonly brightness: Uint8Array;
  /** Mean colours of 4 × 4 cells, row by row: three bytes of sRGB each. */
  readonly colours: Uint8Array;
  /** Width by height, upright, in thousandths: 1 to 65 535. */
  readonly aspect: number;
}

export interface Fingerprint extends PictureCells {
  /** What it is searched by: 20 bits. */
  readonly bits: number;
  /** Under which other encodings of the picture may be filed, `bits` first; 64 at most. */
  readonly nearBits: readonly number[];
  /** Standard deviation of its brightness. */
  readonly contrast: number;
}

/** Everything that one decode of a photo yields. */
export interface Analysis {
  /**
   * The photo as a vision LLM gets it: JPEG, upright, sRGB, edges and shape bounded, no metadata at all. Empty where
   * photos are opened without one.
   */
  readonly rendition: Buffer;
  /** The whole photo, where the rendition shows a part of it or more than it. */
  readonly whole?: Buffer;
  /** Size of the photo itself, upright. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** The local network's probabilities in the order of its manifest's labels; absent where none is loaded. */
  readonly probabilities?: readonly number[];
  /** Absent unless wanted, and for a picture without features. */
  readonly fingerprint?: Fingerprint;
  /** Absent unless wanted. */
  readonly colour?: Colour;
}

/** The outputs a decode should produce. The child skips the others. */
export interface Wants {
  /** The metadata-free JPEG for a vision LLM. */
  readonly rendition: boolean;
  /** The local model's probabilities. */
  readonly infer: boolean;
  /** The features that find near duplicates. They are computed from the rendition. */
  readonly fingerprint?: boolean;
  /** The prevailing colour. It is computed from the rendition, or else from the model's input. */
  readonly colour?: boolean;
}

/** The caller of an analysis. Work that can't begin before the deadline never begins. */
export interface AnalyseContext extends WaitContext {
  /** Default: `single`. */
  readonly lane?: 'single' | 'batch' | 'album';
  /** Albums take turns by caller. */
  readonly caller?: string;
}

/** One picture in hand. Uploads of the same bytes at the same time share one `Photo`, and so one decode. */
export interface Photo {
  /** Of the bytes received: the verified hash. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly format: ImageFormat;
  /**
   * Decodes in a child process, once however often it is called.
   * @throws PhotoError the photo can't be decoded
   * @throws UnavailableError the pool's queue is full
   * @throws DeadlineError the deadline passed before the work began
   */
  analyse(context: AnalyseContext): Promise<Analysis>;
  /**
   * The local network's probabilities: from the analysis, or of a run of their own where it has none; undefined where
   * no network is loaded.
   * @throws the same errors
   */
  probabilities(context: AnalyseContext): Promise<Analysis['probabilities']>;
}
