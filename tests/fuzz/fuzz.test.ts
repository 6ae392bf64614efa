import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PhotoError } from '../../src/errors.ts';
import { formatOf } from '../../src/image/inspect/format.ts';
import { inspect } from '../../src/image/inspect/inspect.ts';
import { type Inspector, openInspector } from '../../src/image/inspect/inspector.ts';
import { defaultPixelLimits } from '../../src/image/inspect/limits.ts';
import { openPhotos } from '../../src/image/open-photos.ts';
import type { Pool } from '../../src/image/pool/pool.ts';
import { receivedUpload } from '../../src/image/upload/receive.ts';
import { closePools, jobOf, longContext, realPool } from '../support/pools.ts';
import { writeColourModel } from '../support/tiny-model.ts';
import { corpus, mutant, randomOf } from './mutations.ts';

const seeds = corpus();
const options = { limits: defaultPixelLimits, thumbnailPx: 32 };

/** Nothing but what is the photo's fault. */
function outcomeOf(work: () => unknown): string {
  try {
    work();
    return 'passed';
  } catch (error) {
    if (error instanceof PhotoError) return error.code;
    throw error;
  }
}

describe('files that are nearly right', () => {
  it('never make the header check fail otherwise than by refusing them', () => {
    const random = randomOf(20_261_122);
    const outcomes = new Set<string>();
    for (let count = 0; count < 20_000; count += 1) {
      const bytes = mutant(seeds, random);
      outcomes.add(outcomeOf(() => inspect(bytes, formatOf(bytes), options)));
    }
    expect([...outcomes].sort()).toEqual([
      'passed',
      'refused_image',
      'too_many_pixels',
      'truncated_image',
      'undecodable_image',
      'unsupported_format',
    ]);
  });

  describe('given to children', () => {
    let folder: string;
    let pool: Pool;
    let inspector: Inspector;
    const losses: string[] = [];
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
      const manifestFile = await writeColourModel(folder);
      pool = realPool({ size: 2, hooks: { childLost: (loss) => losses.push(loss) } }, { manifestFile });
      inspector = openInspector(options);
      await pool.ready();
    });
    afterAll(async () => {
      await closePools();
      await inspector.close();
      rmSync(folder, { recursive: true });
    });

    it('are answered or refused, and cost no child', async () => {
      const photos = openPhotos({ pool, inspector, wants: { rendition: true, infer: true } });
      const random = randomOf(19_700_101);
      let answered = 0;
      async function look(): Promise<void> {
        const bytes = mutant(seeds, random);
        try {
          const photo = photos.open(receivedUpload(bytes, jobOf(bytes).sha256, () => {}));
          const { rendition } = await photo.analyse(longContext()).finally(photo.close);
          expect(rendition.readUInt16BE(0)).toBe(0xffd8);
          answered += 1;
        } catch (error) {
          expect(error).toBeInstanceOf(PhotoError);
        }
      }
      const walker = async () => {
        for (let count = 0; count < 75; count += 1) await look();
      };
      await Promise.all([walker(), walker(), walker(), walker()]);
      expect(answered).toBeGreaterThan(15);
      expect(losses).toEqual([]);
    }, 60_000);
  });
});
