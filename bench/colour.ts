/**
 * The prevailing colour of each photo, and what finding it adds to a decode.
 * `npm run bench bench/colour.ts [FOLDER] [photos]`
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDecoder } from '../src/image/decode/decode.ts';
import { formatOf } from '../src/image/inspect/format.ts';
import { readManifest } from '../src/local/manifest.ts';

const [folder = 'docs/samples', countText = '100'] = process.argv.slice(2);
const all = readdirSync(folder).filter((name) => /\.(jpe?g|png|webp|avif|heic)$/i.test(name));
const step = Math.max(1, Math.ceil(all.length / Number(countText)));
const names = all.filter((_, index) => index % step === 0);
const rounds = 5;

const { input } = readManifest('models/album9/manifest.json');
const decode = openDecoder({ renditionPx: 512, limitPixels: 100e6, thumbnailPx: input.widthPx, input });
const forms = {
  'for an LLM': { rendition: true, infer: false, fingerprint: true },
  'for the local model': { rendition: false, infer: true },
};
const cpuMs = () => process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000;
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;

for (const [form, wants] of Object.entries(forms)) {
  const [without, added]: [number[], number[]] = [[], []];
  const counts = new Map<string, number>();
  for (const name of names) {
    const bytes = readFileSync(join(folder, name));
    const photo = { bytes, format: formatOf(bytes) };
    const once = async (colour: boolean) => {
      const startedMs = cpuMs();
      const made = await decode({ ...photo, wants: { ...wants, colour } });
      return { ms: cpuMs() - startedMs, colour: made.colour };
    };
    const times: { plain: number[]; coloured: number[] } = { plain: [], coloured: [] };
    let colour: string | undefined;
    for (let round = 0; round <= rounds; round += 1) {
      const [plain, coloured] = [await once(false), await once(true)];
      colour = coloured.colour;
      if (round > 0) {
        times.plain.push(plain.ms);
        times.coloured.push(coloured.ms);
      }
    }
    const plainMs = median(times.plain);
    without.push(plainMs);
    added.push(median(times.coloured) - plainMs);
    counts.set(colour ?? 'none', (counts.get(colour ?? 'none') ?? 0) + 1);
    if (form === 'for an LLM') console.log(`${(colour ?? 'none').padEnd(8)} ${name}`);
  }
  const words = [...counts].sort((a, b) => b[1] - a[1]).map(([word, count]) => `${word} ${count}`);
  console.log(
    `${form}: decode ${median(without).toFixed(1)} ms of CPU, colour ${median(added).toFixed(2)} ms more ` +
      `(medians of ${names.length} photos; ${words.join(', ')})`,
  );
}
