/** Decodes one photo and says what it cost. A child of decode-cost.ts. */
import { readFileSync } from 'node:fs';
import { openDecoder } from '../src/image/decode/decode.ts';
import { setUpSharp } from '../src/image/decode/set-up-sharp.ts';
import type { ImageFormat } from '../src/image/photo.ts';

setUpSharp();
const input = {
  widthPx: 256,
  heightPx: 256,
  fit: 'contain',
  background: { r: 0, g: 0, b: 0 },
  kernel: 'linear',
} as const;
const decode = openDecoder({ renditionPx: 512, limitPixels: 100e6, thumbnailPx: 307, input });
const wants = { rendition: true, infer: true };
const warmUp = readFileSync(new URL('../docs/samples/cat.jpg', import.meta.url));
for (let round = 0; round < 3; round += 1) await decode({ bytes: warmUp, format: 'jpeg', wants });

const memory = (name: 'VmRSS' | 'VmHWM') =>
  Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'latin1'))?.[1]) / 1000;

process.on('message', async ({ bytes, format }: { bytes: Buffer; format: ImageFormat }) => {
  const [residentMb, before] = [memory('VmRSS'), process.cpuUsage()];
  const error = await decode({ bytes, format, wants }).then(
    () => undefined,
    ({ message }: Error) => message,
  );
  const { user, system } = process.cpuUsage(before);
  const cost = { cpuMs: (user + system) / 1000, megabytes: memory('VmHWM') - residentMb };
  process.send?.({ ...cost, ...(error && { error }) }, () => process.disconnect?.());
});
