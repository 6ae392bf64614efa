/** A vendor that costs next to nothing: reads each body and answers after 50 ms, or at once. A child of gateway.ts and table.ts. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const reply = JSON.stringify({
  id: 'chatcmpl-lean',
  object: 'chat.completion',
  created: 0,
  model: 'gpt-6-luna',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: '{"category":"pets","confidence":0.9}', refusal: null },
      finish_reason: 'stop',
    },
  ],
  usage: { prompt_tokens: 310, completion_tokens: 28, total_tokens: 338 },
});

const delayMs = process.argv.includes('--at-once') ? 0 : 50;
let calls = 0;
let bytes = 0;
const server = createServer((request, response) => {
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('end', () => {
    calls++;
    setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end(reply), delayMs);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('message', () => {
  process.send?.({ calls, bytes });
  calls = 0;
  bytes = 0;
});
