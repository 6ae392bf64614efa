import { parseArgs } from 'node:util';
import { readTaxonomy } from '../../src/classify/taxonomy.ts';
import { type Behave, startFakeLlm } from './fake-llm.ts';

const usage = `A stand-in for an LLM vendor, to try the service without a key.

  npm run fake-llm -- [options]

  --port <n>         port on 127.0.0.1 (default 8901)
  --latency <ms>     time to an answer, plus or minus a third (default 800)
  --category <key>   always this category (default: drawn from the photo's bytes)
  --status <n>       answer every call with this HTTP status
  --key <key>        the only key let in (default: any)
  --help             print this
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8901' },
    latency: { type: 'string', default: '800' },
    category: { type: 'string' },
    status: { type: 'string' },
    key: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(usage);
} else {
  const { categories } = readTaxonomy();
  const latencyMs = Number(values.latency);
  const behave: Behave = ({ index, jpeg, model }) => {
    process.stdout.write(`call ${index + 1}: ${model}, photo of ${jpeg.length} bytes\n`);
    const delay = { latencyMs: latencyMs * (0.67 + 0.67 * Math.random()) };
    if (values.status !== undefined)
      return { ...delay, status: Number(values.status), body: { error: { message: 'as you wished' } } };
    const drawn = categories[jpeg.readUInt32BE(jpeg.length - 6) % categories.length]?.key;
    const description = '这是一个假模型的回答。';
    return { ...delay, content: { category: values.category ?? drawn, confidence: 0.9, description } };
  };
  const fake = await startFakeLlm({
    port: Number(values.port),
    behave,
    ...(values.key !== undefined && { keys: [values.key] }),
  });
  process.stdout.write(`The fake vendor listens on ${fake.baseUrl}. Start the service beside it with

  LLM_PROVIDER=openai LLM_BASE_URL=${fake.baseUrl} LLM_API_KEY=${values.key ?? 'any-key'} LLM_MODEL=fake-vision npm start

`);
}
