import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import sharp from 'sharp';
import type { Manifest } from './manifest.ts';
import type { Network } from './network.ts';

/**
 * Runs the manifest's golden inputs. What a processor, a runtime or a preprocessing that is slightly wrong does to a
 * network shows here, and hardly anywhere else.
 * @throws Error naming the first input whose answer is off
 */
export async function checkGolden(network: Network, { golden, labels, input }: Manifest): Promise<void> {
  for (const { image, probabilities: expected } of golden.cases) {
    // Read here: libvips loads nothing from files in a child.
    const { data, info } = await sharp(readFileSync(image)).raw().toBuffer({ resolveWithObject: true });
    if (info.width !== input.widthPx || info.height !== input.heightPx)
      throw new Error(`golden input ${basename(image)}: it must have the size of the network's input`);
    const actual = await network.probabilitiesOf(data);
    for (const [index, label] of labels.entries()) {
      const [is, should] = [actual[index] ?? 0, expected[index] ?? 0];
      if (Math.abs(is - should) > golden.tolerance)
        throw new Error(
          `golden input ${basename(image)}: ${label} is ${is.toFixed(4)}, not ${should} ± ${golden.tolerance}`,
        );
    }
  }
}
