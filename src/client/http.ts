import { ClientError } from './client-error.ts';

export interface HttpOptions {
  /** Where the service is, without a path: `https://photos.example.com`. `localhost:8000` means http. */
  readonly baseUrl: string;
  /** UUID of this installation: finds its own photos again. */
  readonly userId?: string | undefined;
  /** Where the service wants one: `ack_…`. */
  readonly apiKey?: string | undefined;
  /** Of the sentences of errors, such as `zh`; sent as `Accept-Language`. Default: what the platform sends. */
  readonly language?: string;
  /** Longest that one request may take. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
}

export interface HttpRequest {
  readonly method?: 'GET' | 'POST';
  readonly body?: FormData | object;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends a request and hands its answer to `read`, all of it within the time limit.
 * @throws ClientError
 */
export type Http = <T>(
  path: string,
  request: HttpRequest,
  read: (response: Response) => Promise<T>,
) => Promise<T>;

const defaultTimeoutMs = 180_000;

/** As `Authorization`, which `fetch` takes off where a redirect leads to another host. */
function keyHeader(apiKey: string | undefined): { authorization?: string } {
  if (!apiKey) return {};
  // The platform's own complaint would quote the key.
  if (!/^[\x21-\x7e]+$/.test(apiKey))
    throw new ClientError('bad_api_key', 'An API key consists of visible ASCII characters only.');
  return { authorization: `Bearer ${apiKey}` };
}

/** @throws ClientError an API key that no header can carry */
export function httpTo({
  baseUrl,
  userId,
  apiKey,
  language,
  timeoutMs = defaultTimeoutMs,
  fetch = globalThis.fetch,
}: HttpOptions): Http {
  const base = (/^\w+:\/\//.test(baseUrl) ? baseUrl : `http://${baseUrl}`).replace(/\/+$/, '');
  const key = keyHeader(apiKey);
  return async (path, { method = 'POST', body, accept = 'application/json', signal }, read) => {
    const controller = new AbortController();
    const follow = () => controller.abort();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      controller.abort();
    }, timeoutMs);
    if (signal?.aborted) follow();
    signal?.addEventListener('abort', follow);
    try {
      const response = await fetch(`${base}${path}`, {
        method,
        headers: {
          accept,
          ...key,
          ...(userId && { 'x-user-id': userId }),
          ...(language && { 'accept-language': language }),
          ...(body !== undefined && !(body instanceof FormData) && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: body instanceof FormData ? body : JSON.stringify(body) }),
        signal: controller.signal,
      });
      if (!response.ok) throw await problemIn(response);
      return await read(response);
    } catch (error) {
      if (error instanceof ClientError) throw error;
      if (signal?.aborted) throw new ClientError('aborted', 'The request was aborted.');
      if (isLate) throw new ClientError('timeout', `No complete answer came within ${timeoutMs / 1000} s.`);
      if (error instanceof SyntaxError)
        throw new ClientError('bad_answer', 'The answer is not what the service sends.');
      throw new ClientError('unreachable', `${base} can't be reached, or the connection broke.`);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', follow);
    }
  };
}

async function problemIn(response: Response): Promise<ClientError> {
  const { status } = response;
  const seconds = Number(response.headers.get('retry-after'));
  const options = { status, retryAfterMs: seconds > 0 ? seconds * 1000 : 0 };
  try {
    const { code, detail } = (await response.json()) as { code?: string; detail?: string };
    if (typeof code === 'string') return new ClientError(code, detail ?? code, options);
  } catch {
    // A proxy's page, not the service's problem.
  }
  return new ClientError(`http_${status}`, `The server answered with status ${status}.`, options);
}
