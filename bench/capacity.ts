/**
 * What a service needs: `npm run capacity -- --photos 100e6 --rate 1000 --hits 0.7`. docs/scaling.md explains the
 * arguments and where the costs come from.
 */
import { parseArgs } from 'node:util';
import { costsOf } from './capacity-costs.ts';
import { type Load, needsOf } from './capacity-model.ts';

const options = {
  photos: { type: 'string', default: '1e6' },
  rate: { type: 'string', default: '10' },
  hits: { type: 'string', default: '0.7' },
  megapixels: { type: 'string', default: '1' },
  megabytes: { type: 'string', default: '0.2' },
  cores: { type: 'string', default: '4' },
  'call-seconds': { type: 'string', default: '1.5' },
  'vendor-rate': { type: 'string', default: '50' },
  'price-per-thousand': { type: 'string', default: '0.06' },
  'retention-days': { type: 'string', default: '90' },
  'hit-records': { type: 'string', default: '10' },
  database: { type: 'string', default: 'mysql' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function parsed() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    const names = Object.keys(options).map((name) => `--${name}`);
    return fail(`${(error as Error).message.split('.')[0]}. All options: ${names.join(' ')}`);
  }
}

const values = parsed();
if (values.help) {
  for (const [name, option] of Object.entries(options))
    console.log(`--${name}`.padEnd(22), String(option.default));
  process.exit(0);
}

function number(name: keyof typeof values, most = Number.POSITIVE_INFINITY): number {
  const value = Number(values[name]);
  if (Number.isFinite(value) && value >= 0 && value <= most) return value;
  return fail(`--${name} must be a number from 0${most < 1e9 ? ` to ${most}` : ''}`);
}

if (values.database !== 'mysql' && values.database !== 'sqlite') fail('--database must be mysql or sqlite');
const load: Load = {
  photos: number('photos'),
  rate: number('rate'),
  hits: number('hits', 1),
  megapixels: number('megapixels'),
  megabytes: number('megabytes'),
  cores: Math.max(1, number('cores')),
  callSeconds: number('call-seconds'),
  vendorRate: Math.max(0.01, number('vendor-rate')),
  pricePerThousand: number('price-per-thousand'),
  retentionDays: number('retention-days'),
  hitRecords: values['hit-records'] === 'all' ? 1 : Math.max(1, number('hit-records')),
};
const needs = needsOf(load, costsOf(values.database));
if (values.database === 'sqlite' && needs.replicas > 1)
  console.error(`One SQLite file serves one machine: this load needs ${needs.replicas}, so it needs MySQL.`);
const round = (value: number) => (value < 10 ? value.toFixed(2) : Math.round(value).toLocaleString('en'));
/** In proportion to the rate; without any, nothing does. */
function firstLimit(): string {
  const [first] = needs.limits;
  if (!first?.share) return 'nothing, because there is no load';
  return `${first.name}, at ${round(load.rate / first.share)} photos/s (this load: ${round(load.rate)} photos/s)`;
}
const rows: readonly (readonly [string, string])[] = [
  [
    'Replicas',
    `${needs.replicas} with ${load.cores} cores and ${round(needs.megabytesPerReplica / 1000)} GB each`,
  ],
  ['Cores', `${round(needs.serverCores)} for servers, ${round(needs.decoderCores)} for decoders`],
  [
    'Database',
    `${round(needs.databaseGigabytes)} GB, ${round(needs.statementsPerSecond)} statements/s, ${round(needs.databaseCores)} cores`,
  ],
  ['LLM', `${round(needs.llmCallsPerSecond)} calls/s, ${round(needs.llmCallsAtOnce)} at once`],
  ['Money', `${round(needs.moneyPerDay)} USD a day for the LLM`],
  ['Gives way first', firstLimit()],
];
if (values.json) console.log(JSON.stringify({ load, needs }));
else for (const [name, text] of rows) console.log(`${name.padEnd(16)} ${text}`);
