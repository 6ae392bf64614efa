import { request } from 'node:http';
import type { Reply } from './app.ts';

/** A request with whatever headers, `Host` and `Origin` too, which `fetch` keeps to itself. Streams are left at once. */
export function rawRequest(
  url: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: Buffer } = {},
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const sent = request(url, { method, headers, agent: false }, (response) => {
    const { statusCode: status = 0, headers: named } = response;
    const given = new Headers(Object.entries(named).map(([name, value]) => [name, String(value)]));
    const chunks: Buffer[] = [];
    const done = () => {
      const text = Buffer.concat(chunks).toString();
      const isJson = given.get('content-type')?.includes('json');
      resolve({ status, headers: given, body: isJson ? JSON.parse(text) : text });
      response.destroy();
    };
    if (given.get('content-type') === 'text/event-stream') return done();
    response.on('data', (chunk) => chunks.push(chunk)).once('end', done);
  });
  sent.once('error', reject);
  sent.end(body);
  return promise;
}

/** A form as a browser writes it, with its headers. */
export async function formBody(form: FormData): Promise<{ body: Buffer; headers: Record<string, string> }> {
  const response = new Response(form);
  const headers = { 'content-type': response.headers.get('content-type') ?? '' };
  return { headers, body: Buffer.from(await response.arrayBuffer()) };
}
