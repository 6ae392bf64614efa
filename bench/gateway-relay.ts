/**
 * The lower bound of a service in Node.js: reads the whole form, sends the photo to the vendor as base64, and passes the
 * answer on. It has no hash, cache or checks. A child of gateway.ts.
 */
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bodyWithImage } from '../src/vision/wire/image-body.ts';

const vendorUrl = new URL(`${process.env.VENDOR_URL}/chat/completions`);
const end = '"}}]}]}';
const json = JSON.stringify({
  model: 'gpt-6-luna',
  max_tokens: 300,
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What does it show?' },
        { type: 'image_url', image_url: { detail: 'low', url: 'data:image/jpeg;base64,' } },
      ],
    },
  ],
});

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const server = createServer(async (incoming, response) => {
  const form = await readAll(incoming);
  const from = form.indexOf('\r\n\r\n') + 4;
  const boundary = form.subarray(0, form.indexOf('\r\n'));
  const body = bodyWithImage(json, end, form.subarray(from, form.lastIndexOf(boundary) - 2));
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(vendorUrl, { method: 'POST', headers }, resolve).on('error', reject).end(body);
  });
  const { choices } = JSON.parse((await readAll(answer)).toString());
  response.writeHead(200, { 'content-type': 'application/json' }).end(choices[0].message.content);
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('SIGTERM', () => process.exit(0));
