import { bareJpeg } from './bare-jpeg.ts';
import { inspectJpeg } from './firewall/jpeg.ts';
import type { PixelLimits } from './firewall/limits.ts';
import type { OpenPhoto, OpenPhotos } from './open-photos.ts';
import type { Analysis } from './photo.ts';
import type { ReceivedUpload } from './receive.ts';

/**
 * Photos whose rendition is the picture as it came, wherever it needs no decoder for that. Only where nobody wants to
 * know anything else of a photo: there are no probabilities, no look, and its size is left at 0.
 * @param limits of pixels, which bind the vendor's decoder as they do ours
 */
export function withOriginals(photos: OpenPhotos, limits: PixelLimits): OpenPhotos {
  return {
    open(upload) {
      const rendition = bareJpeg(upload.bytes);
      if (!rendition) return photos.open(upload);
      return original(upload, rendition, limits);
    },
  };
}

function original(upload: ReceivedUpload, rendition: Buffer, limits: PixelLimits): OpenPhoto {
  const { sha256 } = upload;
  const sizeBytes = upload.bytes.length;
  let isClosed = false;
  const analysis = new Promise<Analysis>((resolve) => {
    inspectJpeg(rendition, limits);
    resolve({ rendition, widthPx: 0, heightPx: 0 });
  });
  analysis.catch(() => undefined);
  return {
    sha256,
    sizeBytes,
    format: 'jpeg',
    analyse: () => analysis,
    probabilities: () => analysis.then(() => undefined),
    close() {
      if (isClosed) return;
      isClosed = true;
      upload.release();
    },
  };
}
