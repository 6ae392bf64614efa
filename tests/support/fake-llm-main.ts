import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readTaxonomy } from '../../src/classify/taxonomy.ts';
import { type Behave, startFakeLlm } from './fake-llm.ts';
import { anthropicWire } from './fake-llm-anthropic.ts';
import { type FakeBehaviour, type FakeError, faults } from './fake-llm-behaviour.ts';
import { fakeAtOnce, fakeQuota } from './fake-llm-limits.ts';
import { dashscopeWire, openAiWire } from './fake-llm-openai.ts';
import { type VendorName, vendorErrors } from './vendor-errors.ts';

const usage = `A test vendor, to try the service without a key.

  npm run fake-llm -- [options]

  --port <n>         port on 127.0.0.1 (default 8901)
  --latency <ms>     time to an answer, plus or minus a third (default 800)
  --category <key>   always this category (default: drawn from the photo's bytes)
  --status <n>       answer every call with this HTTP status
  --key <key>        the only accepted key (default: any)
  --vendor <name>    openai, dashscope or anthropic: whose wire format (default openai)
  --error <name>     answer with that error of the vendor; a wrong name lists them
  --answer <file>    answer with that file: {"status": 200, "headers": {}, "body": …}
  --fault <name>     hang, hang-in-body, reset, reset-in-body, garbage, html, flood or drip
  --share <0 to 1>   of the calls that --error, --answer, --fault or --status strikes (default 1)
  --min-edge <px>, --max-ratio <n>  accepted pictures (400 for others)
  --rps <n>, --rpm <n>  accepted requests per second or minute
  --at-once <n>      accepted concurrent requests
  --help             print this
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8901' },
    latency: { type: 'string', default: '800' },
    category: { type: 'string' },
    status: { type: 'string' },
    key: { type: 'string' },
    vendor: { type: 'string', default: 'openai' },
    error: { type: 'string' },
    answer: { type: 'string' },
    'min-edge': { type: 'string', default: '1' },
    'max-ratio': { type: 'string', default: 'Infinity' },
    fault: { type: 'string' },
    share: { type: 'string', default: '1' },
    rps: { type: 'string' },
    rpm: { type: 'string' },
    'at-once': { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(usage);
} else {
  const vendor = wordOf(values.vendor, ['openai', 'dashscope', 'anthropic']);
  const { categories } = readTaxonomy();
  const latencyMs = Number(values.latency);
  const trouble = troubleOf(vendor);
  const quota = fakeQuota({
    vendor,
    hasRetryAfter: vendor !== 'dashscope',
    hasRateHeaders: vendor === 'openai',
    ...(values.rps !== undefined && { perSecond: Number(values.rps) }),
    ...(values.rpm !== undefined && { perMinute: Number(values.rpm) }),
  });
  const atOnce = fakeAtOnce(Number(values['at-once'] ?? Infinity), vendorErrors[vendor].rate);
  const behave: Behave = ({ index, jpeg, model }) => {
    process.stdout.write(`call ${index + 1}: ${model}, photo of ${jpeg.length} bytes\n`);
    const delay = { latencyMs: latencyMs * (0.67 + 0.67 * Math.random()) };
    if (trouble && Math.random() < Number(values.share)) return { ...delay, ...trouble };
    const drawn = categories[jpeg.readUInt32BE(jpeg.length - 6) % categories.length]?.key;
    const description = '这是一个假模型的回答。';
    const content = { category: values.category ?? drawn, confidence: 0.9, description };
    return atOnce.take(quota.take({ ...delay, content }));
  };
  const fake = await startFakeLlm({
    port: Number(values.port),
    behave,
    pictures: {
      leastEdgePx: Number(values['min-edge']),
      mostRatio: Number(values['max-ratio']),
      status: 400,
    },
    wire: { openai: openAiWire, dashscope: dashscopeWire, anthropic: anthropicWire }[vendor],
    ...(values.key !== undefined && { keys: [values.key] }),
  });
  const settings = (name: string, price: number) =>
    [
      `PROVIDER=${vendor}`,
      `BASE_URL=${fake.baseUrl}`,
      `API_KEY=${values.key ?? 'any-key'}`,
      'MODEL=fake-vision',
      // Of a million tokens. Without a price, budgets and --max-cost can't be tried.
      `PRICE_INPUT=${price}`,
      `PRICE_OUTPUT=${4 * price}`,
    ].map((one) => `LLM_${name}${one}`);
  const lane = [...settings('EVERYDAY_', 0.1), ...settings('SLOW_', 0.05), 'LLM_SLOW_LANE=album'];
  process.stdout.write(`The fake vendor listens on ${fake.baseUrl}. Start the service beside it with

  ${settings('', 0.1).join(' ')} npm start

With an album lane at half the price:

  LLM_PROVIDERS=everyday,slow ${lane.join(' ')} npm start

`);
}

function troubleOf(vendor: VendorName): FakeBehaviour | undefined {
  if (values.status !== undefined)
    return { status: Number(values.status), body: { error: { message: 'as you wished' } } };
  if (values.answer !== undefined) return { recorded: JSON.parse(readFileSync(values.answer, 'utf8')) };
  if (values.fault !== undefined) return { fault: wordOf(values.fault, faults) };
  if (values.error === undefined) return undefined;
  const errors: Readonly<Record<string, FakeError>> = vendorErrors[vendor];
  return errors[wordOf(values.error, Object.keys(errors))];
}

function wordOf<const W extends string>(word: string, words: readonly W[]): W {
  const known = words.find((one) => one === word);
  if (known !== undefined) return known;
  process.stderr.write(`${word}: one of ${words.join(', ')} was expected\n`);
  process.exit(2);
}
