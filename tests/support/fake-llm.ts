import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FakeBehaviour, perform } from './fake-llm-behaviour.ts';
import { openAiWire } from './fake-llm-openai.ts';
import { type PictureRules, underPictureRules } from './fake-llm-pictures.ts';
import { type FakeRequest, type FakeWire, Rejection } from './fake-llm-wire.ts';
import { type FakeVendor, underRules } from './fake-vendors.ts';

export interface FakeLlmOptions {
  /** 0 for any free one (the default). */
  readonly port?: number;
  readonly wire?: FakeWire;
  /** Accepted keys; any if absent. */
  readonly keys?: readonly string[];
  /** Models there are; any, where absent. */
  readonly models?: readonly string[];
  readonly behave?: Behave;
  /** Whose rules and wire format hold; plain OpenAI's where absent. */
  readonly vendor?: FakeVendor;
  /** Pictures that are taken; any, where absent. */
  readonly pictures?: PictureRules;
}

/** What the vendor does, always the same or call by call. */
export type Behave = FakeBehaviour | ((call: FakeCall) => FakeBehaviour | Promise<FakeBehaviour>);

export interface FakeCall extends FakeRequest {
  /** 0 for the first. */
  readonly index: number;
  /** First 8 hex digits of the key's SHA-256. */
  readonly keyFingerprint: string;
  readonly headers: IncomingMessage['headers'];
  /** Path and query. */
  readonly url: string;
  /** Length of the body as it came. */
  readonly bodyBytes: number;
  /** The client closed the connection before it had its reply. */
  isAborted: boolean;
}

export interface FakeLlm {
  /** What a client is configured with, `/v1` included. */
  readonly baseUrl: string;
  readonly port: number;
  /** Requests that passed the checks, in order of arrival. */
  readonly calls: readonly FakeCall[];
  /** Everything that came, refused requests too. */
  readonly requestCount: number;
  readonly maxConcurrent: number;
  behave(behave: Behave): void;
  /** Lets no call go on until the function returned is called. */
  hold(): () => void;
  /** Resolves when that many calls have arrived since the start. */
  received(count: number): Promise<void>;
  /** Resolves when no call is at work. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

const friendly: FakeBehaviour = {
  content: { category: 'pets', confidence: 0.93, description: '一只猫趴在沙发上。' },
};

/** A vendor on loopback that speaks its real wire format and does what a test wants. */
export async function startFakeLlm(options: FakeLlmOptions = {}): Promise<FakeLlm> {
  const { port = 0, vendor, keys, models } = options;
  const wire = vendor
    ? { ...vendor.wire, basePath: new URL(vendor.baseUrl).pathname.replace(/\/chat\/completions\/?$/, '') }
    : (options.wire ?? openAiWire);
  const calls: FakeCall[] = [];
  const latch = { opened: Promise.resolve(), open: () => {} };
  let behave: Behave = options.behave ?? friendly;
  let requestCount = 0;
  let concurrent = 0;
  let maxConcurrent = 0;

  async function handle(request: IncomingMessage, response: ServerResponse) {
    const body = await bodyOf(request);
    if (vendor?.listed && request.method === 'GET' && isListOf(request)) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ object: 'list', data: vendor.listed, has_more: vendor.isListCut }));
      return;
    }
    const call = { ...accept(request, body), index: calls.length, isAborted: false };
    response.on('close', () => {
      call.isAborted = !response.writableFinished;
    });
    calls.push(call);
    server.emit('call');
    await latch.opened;
    const wanted = typeof behave === 'function' ? await behave(call) : behave;
    const ruled = vendor ? await underRules(vendor, call, wanted) : wanted;
    const behaviour = options.pictures ? await underPictureRules(options.pictures, call, ruled) : ruled;
    const latencyMs = behaviour.latencyMs ?? 0;
    if (latencyMs > 0) await sleep(latencyMs);
    await perform(behaviour, call, wire, response);
  }

  function isListOf({ headers, url = '' }: IncomingMessage): boolean {
    const key = wire.keyOf(headers);
    if (key === undefined || (keys && !keys.includes(key)))
      throw new Rejection(401, 'invalid_api_key', 'Incorrect API key provided.');
    return url.split('?')[0] === `${wire.basePath}/models`;
  }

  function accept(request: IncomingMessage, body: Buffer) {
    const key = wire.keyOf(request.headers);
    if (key === undefined || (keys && !keys.includes(key)))
      throw new Rejection(401, 'invalid_api_key', `Incorrect API key provided: ${key}.`);
    const { method, url = '' } = request;
    if (method !== 'POST' || url.split('?')[0] !== wire.basePath + wire.path)
      throw new Rejection(404, null, `Invalid URL (${method} ${url})`);
    const parsed = wire.read(parseJson(request, body));
    if (models && !models.includes(parsed.model))
      throw new Rejection(404, 'model_not_found', `The model '${parsed.model}' does not exist.`);
    return {
      ...parsed,
      keyFingerprint: createHash('sha256').update(key).digest('hex').slice(0, 8),
      headers: request.headers,
      url,
      bodyBytes: body.length,
    };
  }

  const server = createServer((request, response) => {
    requestCount++;
    maxConcurrent = Math.max(maxConcurrent, ++concurrent);
    response.on('close', () => {
      concurrent--;
      server.emit('end');
    });
    handle(request, response).catch((error: unknown) => {
      if (!(error instanceof Rejection)) {
        response.destroy();
        return;
      }
      response.writeHead(error.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(wire.error(error)));
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;

  return {
    baseUrl: `http://127.0.0.1:${bound}${wire.basePath}`,
    port: bound,
    calls,
    get requestCount() {
      return requestCount;
    },
    get maxConcurrent() {
      return maxConcurrent;
    },
    behave(next) {
      behave = next;
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      latch.opened = promise;
      return resolve;
    },
    async received(count) {
      while (calls.length < count) await once(server, 'call');
    },
    async idle() {
      while (concurrent > 0) await once(server, 'end');
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function parseJson({ headers }: IncomingMessage, body: Buffer): unknown {
  if (!headers['content-type']?.startsWith('application/json'))
    throw new Rejection(400, null, `Unsupported content type: '${headers['content-type']}'.`);
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new Rejection(400, null, 'We could not parse the JSON body of your request.');
  }
}
