import { type Vendor, VendorError, vendorErrorBody } from './vendor-error.ts';

const maxReplyBytes = 256 * 1024;

/**
 * `fetch` for calls to a vendor. It resolves with a complete reply of status 200 to 299 or throws a VendorError, and
 * it reads every body itself, error bodies too: bounded in size, under the signal it was given, so the caller's
 * time limit holds until the last byte and not only until the headers. Redirects are failures: a photo goes to the
 * configured host and nowhere else.
 */
export function vendorFetch(vendor: Vendor): typeof fetch {
  return async (input, init) => {
    try {
      const response = await fetch(input, { ...init, redirect: 'manual' });
      const body = await readBounded(response);
      const { ok, status, headers } = response;
      if (!ok) {
        const error = vendorErrorBody(body?.toString('utf8') ?? '');
        throw new VendorError({ vendor, status, headers, error });
      }
      if (body === undefined) throw new VendorError({ vendor, status, headers, unusable: 'too_large' });
      return new Response(body.length > 0 ? body : null, response);
    } catch (error) {
      if (error instanceof VendorError || init?.signal?.aborted) throw error;
      throw new VendorError({ vendor, network: networkCode(error) });
    }
  };
}

/** @throws Error where no header can carry it: the header's own complaint would quote the key */
export function checkKey(apiKey: string): void {
  if (!/^[\x21-\x7e]+$/.test(apiKey))
    throw new Error('An API key consists of visible ASCII characters only, without spaces or line breaks.');
}

/** Undefined when there is more than a reply can have; the rest is not read. */
async function readBounded(response: Response): Promise<Buffer<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the body and with it the connection.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxReplyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** `fetch` hides the system's error one or two causes deep, behind several addresses also in a list. */
function networkCode(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
    if (cause instanceof AggregateError) return networkCode(cause.errors[0]);
  }
  return 'unknown';
}
