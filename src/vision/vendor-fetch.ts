import {
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request as requestHttp,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { type Vendor, VendorError, vendorErrorBody } from './vendor-error.ts';

const maxReplyBytes = 256 * 1024;

/**
 * `fetch` for calls to a vendor. It resolves with a complete reply of status 200 to 299 or throws a VendorError, and
 * it reads every body itself, error bodies too: bounded in size, under the signal it was given, so the caller's
 * time limit holds until the last byte and not only until the headers. Redirects are failures: a photo goes to the
 * configured host and nowhere else.
 *
 * Made of `node:http`, because the built-in `fetch` copies a body twice before it sends it, and a body here is a photo.
 * A body that was sent to its end is given back: it is empty afterwards.
 */
export function vendorFetch(vendor: Vendor): typeof fetch {
  // A model has one address.
  const targets = new Map<string, RequestOptions>();
  function targetOf(url: string): RequestOptions {
    const target = targets.get(url) ?? urlToHttpOptions(new URL(url));
    targets.set(url, target);
    return target;
  }

  return async (input, init = {}) => {
    try {
      const target = targetOf(input instanceof Request ? input.url : String(input));
      const { request, response, body } = await send(target, init);
      if (request.writableFinished) giveBack(init.body);
      const status = response.statusCode ?? 0;
      if (status < 200 || status > 299) {
        const error = vendorErrorBody(body?.toString('utf8') ?? '');
        throw new VendorError({ vendor, status, headers: headersOf(response), error });
      }
      if (body === undefined)
        throw new VendorError({ vendor, status, headers: headersOf(response), unusable: 'too_large' });
      return new WholeResponse(body.toString('utf8'), status, headersOf(response));
    } catch (error) {
      if (init.signal?.aborted) throw init.signal.reason;
      if (error instanceof VendorError) throw error;
      throw new VendorError({ vendor, network: networkCode(error) });
    }
  };
}

/** A reply that is there already: no stream is made of it and read again. */
class WholeResponse extends Response {
  override readonly text: () => Promise<string>;
  override readonly json: () => Promise<unknown>;

  constructor(text: string, status: number, headers: Headers) {
    super(null, { status, headers });
    this.text = async () => text;
    this.json = async () => JSON.parse(text);
  }
}

/**
 * Frees the memory of what nobody reads any more. Left to the garbage collector, whose patience with memory outside
 * its heap is short, the bodies of two photos make it walk the whole heap.
 */
function giveBack(body: RequestInit['body']): void {
  const isWhole = body instanceof Uint8Array && body.byteLength === body.buffer.byteLength;
  if (isWhole && body.buffer instanceof ArrayBuffer) body.buffer.transfer(0);
}

interface Exchange {
  readonly request: ClientRequest;
  readonly response: IncomingMessage;
  /** Undefined where it is larger than a reply can be; the rest was not read. */
  readonly body: Buffer | undefined;
}

/** Resolves when the whole answer is there. */
function send(
  target: RequestOptions,
  { method = 'GET', headers, body, signal }: RequestInit,
): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    if (!(body instanceof Uint8Array)) throw new TypeError('vendorFetch sends bodies that are bytes');
    const options: RequestOptions = {
      ...target,
      method,
      headers: {
        ...Object.fromEntries(headers instanceof Headers ? headers : new Headers(headers)),
        'content-length': body.byteLength,
      },
      ...(signal && { signal }),
    };
    const open = target.protocol === 'https:' ? requestHttps : requestHttp;
    const request = open(options, (response) => {
      readBounded(response).then((read) => resolve({ request, response, body: read }), reject);
    });
    request.on('error', reject).end(body);
  });
}

function headersOf({ headersDistinct }: IncomingMessage): Headers {
  const entries = Object.entries(headersDistinct).flatMap(([name, all = []]) =>
    all.map((value): [string, string] => [name, value]),
  );
  return new Headers(entries);
}

/** @throws Error where no header can carry it: the header's own complaint would quote the key */
export function checkKey(apiKey: string): void {
  if (!/^[\x21-\x7e]+$/.test(apiKey))
    throw new Error('An API key consists of visible ASCII characters only, without spaces or line breaks.');
}

/** By its events: an iterator takes a quarter of a millisecond for the one chunk that a reply is. */
function readBounded(response: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response
      .on('data', (chunk: Buffer) => {
        size += chunk.byteLength;
        chunks.push(chunk);
        if (size <= maxReplyBytes) return;
        resolve(undefined);
        // And with it the connection.
        response.destroy();
      })
      .on('end', () => resolve(Buffer.concat(chunks)))
      // One that is cut short fails.
      .on('error', reject);
  });
}

/** The system's error; behind several addresses it is hidden in a list. */
function networkCode(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
    if (cause instanceof AggregateError && cause.errors.length > 0) return networkCode(cause.errors[0]);
  }
  return 'unknown';
}
