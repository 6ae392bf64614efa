import {
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request as requestHttp,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { SetupError } from '../../errors.ts';
import { decodedBody } from './body-encoding.ts';
import { vendorErrorBody } from './error-body.ts';
import { type Vendor, VendorError } from './vendor-error.ts';

export interface VendorPostOptions {
  readonly vendor: Vendor;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A complete reply of status 200 to 299. */
export interface VendorAnswer {
  readonly text: string;
  readonly headers: Headers;
}

const maxReplyBytes = 256 * 1024;

/**
 * One call to a vendor, one attempt. It reads every body itself, error bodies too, bounded in size and decoded where
 * they are compressed. Redirects are failures: a photo goes to the configured host and nowhere else.
 *
 * Made of `node:http`, because the built-in `fetch` copies a body twice before it sends it, and a body here is a photo.
 * It frees a body that was sent to its end: the buffer is empty afterwards.
 * @throws VendorError; the reason of `signal` when that ended the call
 */
export function vendorPost({ vendor, url, headers }: VendorPostOptions) {
  const target = { ...urlToHttpOptions(new URL(url)), method: 'POST' };
  return async (body: Buffer, signal: AbortSignal, traceparent?: string): Promise<VendorAnswer> => {
    signal.throwIfAborted();
    try {
      const own = {
        'content-type': 'application/json',
        ...headers,
        'content-length': body.byteLength,
        ...(traceparent !== undefined && { traceparent }),
      };
      const options = { ...target, headers: own, signal };
      const { request, response, raw } = await send(options, body);
      if (request.writableFinished) freeBody(body);
      return answerOf(vendor, response, raw);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof VendorError) throw error;
      throw new VendorError({ vendor, network: networkCode(error) });
    }
  };
}

function answerOf(vendor: Vendor, response: IncomingMessage, raw: Buffer | undefined): VendorAnswer {
  const { statusCode: status = 0, headers: own } = response;
  const headers = headersOf(response);
  const text = raw && decodedBody(raw, own['content-encoding'], maxReplyBytes);
  if (status < 200 || status > 299)
    throw new VendorError({ vendor, status, headers, error: vendorErrorBody(text ?? '') });
  if (text === undefined) throw new VendorError({ vendor, status, headers, unusable: 'too_large' });
  return { text, headers };
}

/**
 * Frees the memory of a body that was sent. Left to the garbage collector, the bodies of two photos make it walk the
 * whole heap: it counts memory outside of it.
 */
function freeBody({ byteLength, buffer }: Buffer): void {
  if (byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

interface Exchange {
  readonly request: ClientRequest;
  readonly response: IncomingMessage;
  /** Undefined where it is larger than a reply can be; the rest was not read. */
  readonly raw: Buffer | undefined;
}

/** Resolves when the whole answer is there. */
function send(options: RequestOptions, body: Buffer): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const open = options.protocol === 'https:' ? requestHttps : requestHttp;
    const request = open(options, (response) => {
      readBounded(response).then((raw) => resolve({ request, response, raw }), reject);
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
    throw new SetupError(
      'An API key consists of visible ASCII characters only, without spaces or line breaks.',
    );
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
