/** The lower bound of decoding and inference: no service, no checks. A child of local-throughput.ts. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';

sharp.cache(false);
sharp.concurrency(1);

let photos: Buffer[] = [];
let session: InferenceSession;

process.on('message', async (message: { photos?: Buffer[]; manifestFile?: string; seconds?: number }) => {
  if (message.photos && message.manifestFile) {
    photos = message.photos;
    const file = join(dirname(message.manifestFile), 'model.onnx');
    session = await InferenceSession.create(readFileSync(file), {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
    });
    await loop(1);
    process.send?.('ready');
  } else if (message.seconds) process.send?.(await loop(message.seconds));
});

async function loop(seconds: number): Promise<number> {
  const startMs = performance.now();
  let done = 0;
  for (; performance.now() - startMs < seconds * 1000; done++) {
    const pixels = await sharp(photos[done % photos.length])
      .autoOrient()
      .resize(256, 256, { fit: 'contain', background: '#000', kernel: 'linear' })
      .removeAlpha()
      .raw()
      .toBuffer();
    await session.run({ image: new Tensor('uint8', pixels, [1, 256, 256, 3]) }, ['probabilities']);
  }
  return (done / (performance.now() - startMs)) * 1000;
}
