import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { FakeReply, FakeRequest, FakeWire } from './fake-llm-wire.ts';

interface Delayed {
  /** Before the first byte. */
  readonly latencyMs?: number;
  readonly headers?: OutgoingHttpHeaders;
}

/** An error as the vendor sends it. */
export interface FakeError {
  readonly status: number;
  /** Sent as it is: a string as text, anything else as JSON. */
  readonly body: unknown;
}

/** An answer as it was seen: no header is added but for its length, and the body is compressed as its header says. */
export interface FakeRecorded {
  readonly recorded: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | object;
  };
}

/**
 * `hang` never answers, `hang-in-body` sends its headers and half a body, `reset` closes the connection, and
 * `reset-in-body` after half a body. `garbage` is a reply that is no JSON, `html` a page with status 200, `flood` a
 * reply without an end, `drip` one that comes byte by byte.
 */
export const faults = [
  'hang',
  'hang-in-body',
  'reset',
  'reset-in-body',
  'garbage',
  'html',
  'flood',
  'drip',
] as const;

export type Fault = (typeof faults)[number];

export type FakeBehaviour = Delayed & (FakeReply | FakeError | FakeRecorded | { readonly fault: Fault });

export async function perform(
  behaviour: FakeBehaviour,
  request: FakeRequest,
  wire: FakeWire,
  response: ServerResponse,
): Promise<void> {
  if ('fault' in behaviour) return fail(behaviour.fault, response);
  if ('recorded' in behaviour) return replay(behaviour, response);
  if ('status' in behaviour) return sendError(behaviour, response);
  response.writeHead(200, { 'content-type': 'application/json', ...behaviour.headers });
  response.end(JSON.stringify(wire.reply(behaviour, request)));
}

function sendError({ status, body, headers }: FakeError & Delayed, response: ServerResponse) {
  const isText = typeof body === 'string';
  response.writeHead(status, { 'content-type': isText ? 'text/html' : 'application/json', ...headers });
  response.end(isText ? body : JSON.stringify(body));
}

const encoders: Readonly<Record<string, (text: string) => Buffer>> = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
};

function replay({ recorded: { status, headers, body } }: FakeRecorded, response: ServerResponse) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const encode = encoders[headers['content-encoding'] ?? ''] ?? Buffer.from;
  response.writeHead(status, headers).end(encode(text));
}

function fail(fault: Fault, response: ServerResponse) {
  const json = { 'content-type': 'application/json' };
  switch (fault) {
    case 'hang':
      return;
    case 'hang-in-body':
      response.writeHead(200, json).write('{"choices":[');
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'reset-in-body':
      response.writeHead(200, json).write('{"choices":[', () => response.socket?.resetAndDestroy());
      return;
    case 'garbage':
      response.writeHead(200, json).end('{"choices":[{"mess');
      return;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please log in</html>');
      return;
    case 'flood':
      response.writeHead(200, json);
      flood(response);
      return;
    case 'drip':
      response.writeHead(200, json);
      drip(response);
      return;
    default:
      fault satisfies never;
  }
}

function drip(response: ServerResponse) {
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
}

function flood(response: ServerResponse) {
  const chunk = ' '.repeat(64 * 1024);
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}
