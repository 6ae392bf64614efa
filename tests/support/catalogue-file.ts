import { readFileSync, writeFileSync } from 'node:fs';

const dayMs = 86_400_000;

/** The day that is so many days from today, as a catalogue writes it. */
export function dayIn(days: number): string {
  return new Date(Date.now() + days * dayMs).toISOString().slice(0, 10);
}

/** A catalogue in which models end so many days from today, by `vendor` and `model`. */
export function writeCatalogue(
  file: string,
  ends: Readonly<Record<string, Readonly<Record<string, number>>>>,
): void {
  const catalogue = JSON.parse(readFileSync('src/vision/catalogue/catalogue.json', 'utf8'));
  for (const [vendor, models] of Object.entries(ends))
    for (const [model, days] of Object.entries(models))
      catalogue.vendors[vendor].models[model].shutdown = dayIn(days);
  writeFileSync(file, JSON.stringify(catalogue));
}
