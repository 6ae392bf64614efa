import { Readable } from 'node:stream';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  AppError,
  BadRequestError,
  MediaTypeError,
  NotFoundError,
  TooLargeError,
  UnavailableError,
} from '../errors.ts';
import { inLanguage, type Language, type Message, text } from '../messages/text.ts';
import { languageOf, varyByLanguage } from './language.ts';
import { photoFormWanted } from './upload/photo-form.ts';

/** RFC 9457 problem details for every error, and for nothing else. */
export function registerProblems(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    const allowed = methodsOf(app, request.url.split('?', 1)[0] ?? '');
    if (allowed.length === 0)
      return sendProblem(
        request,
        reply,
        new NotFoundError('There is no such route; /docs lists those that exist.'),
      );
    reply.header('allow', allowed.join(', '));
    return sendProblem(
      request,
      reply,
      new RefusedError(
        405,
        'method_not_allowed',
        text('This route answers to {methods} only.', { methods: allowed.join(', ') }),
      ),
    );
  });
  app.setErrorHandler((error: FastifyError, request, reply) =>
    sendProblem(request, reply, publicError(error, request)),
  );
}

/** What the caller reads about any error; the log has the rest. */
export function publicError(error: FastifyError, request: FastifyRequest): AppError {
  const known = wantedForm(error, request) ?? knownError(error);
  if (!known) request.log.error({ err: error }, 'a request failed unexpectedly');
  return known ?? new InternalError('The request failed; the error is logged.');
}

/** Methods of a route without parameters; none where there is no such route. */
function methodsOf(app: FastifyInstance, url: string): string[] {
  return ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((method) => app.hasRoute({ method, url }));
}

class InternalError extends AppError {
  readonly code = 'internal_error';
  readonly status = 500;
}

/** 405, 406, 408, 415, …: what Fastify itself refuses. */
class RefusedError extends AppError {
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, message: Message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const titles: Record<number, Message> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly request_id: string;
}

export function problemOf(error: AppError, requestId: string, language: Language): Problem {
  return {
    type: `urn:album-classifier:problem:${error.code}`,
    title: inLanguage(language, titles[error.status] ?? 'Error'),
    status: error.status,
    detail: inLanguage(language, error.text),
    code: error.code,
    request_id: requestId,
  };
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, error: AppError) {
  const language = languageOf(request);
  const body = JSON.stringify(problemOf(error, request.id, language));
  return sendError(request, reply, error, { type: 'application/problem+json', language, body });
}

/** An error in any form, also while the body is still on its way. */
export function sendError(
  request: FastifyRequest,
  reply: FastifyReply,
  error: AppError,
  { type, language, body: words }: { type: string; language: Language; body: string },
) {
  varyByLanguage(reply.status(error.status).type(type).header('content-language', language));
  if (error.retryAfterS !== undefined) reply.header('retry-after', Math.ceil(error.retryAfterS));
  if (error.status === 401) reply.header('www-authenticate', 'Bearer');
  const body = Buffer.from(words);
  if (request.raw.complete || request.raw.destroyed) return reply.send(body);
  reply.header('connection', 'close').header('content-length', body.length);
  return reply.send(thenDrained(body, request));
}

const drainBytes = 4_000_000;
const drainMs = 2_000;

/**
 * The answer, then its end only once the rest of the body was read (within bounds). Closing a socket with unread
 * bytes resets the connection, and a client that is still sending would lose the answer.
 */
function thenDrained(body: Buffer, request: FastifyRequest): Readable {
  const { raw } = request;
  const stream = new Readable({ read() {} });
  stream.push(body);
  let seenBytes = 0;
  const end = () => {
    clearTimeout(timer);
    raw.off('data', count).off('end', end).off('close', end).off('error', end);
    stream.push(null);
  };
  const count = (chunk: Buffer) => {
    seenBytes += chunk.length;
    if (seenBytes > drainBytes) end();
  };
  const timer = setTimeout(end, drainMs);
  raw.unpipe();
  raw.on('data', count).once('end', end).once('close', end).once('error', end);
  raw.resume();
  return stream;
}

/** A body of another kind than the route reads: which kind it reads, and how that is sent. */
function wantedForm({ code }: FastifyError, { routeOptions }: FastifyRequest): AppError | undefined {
  if (code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return undefined;
  const { consumes, body } = (routeOptions.schema ?? {}) as FormSchema;
  if (!consumes?.includes('multipart/form-data'))
    return new MediaTypeError('Send JSON, with `Content-Type: application/json`.');
  return photoFormWanted(body?.properties && 'images' in body.properties ? 'images' : 'image');
}

interface FormSchema {
  readonly consumes?: readonly string[];
  readonly body?: { readonly properties?: object };
}

/** What the caller may read about an error; undefined where it belongs in the log only. */
export function knownError(error: FastifyError | AppError): AppError | undefined {
  if (error instanceof AppError) return error;
  if ('validation' in error && error.validation) return validationError(error);
  if (/terminated early|Unexpected end of multipart|Boundary not found|premature/i.test(error.message))
    return new BadRequestError('malformed_body', 'The multipart body is malformed or ends early.');
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new TooLargeError('body_too_large', 'The body is larger than this route accepts.');
    case 'FST_FILES_LIMIT':
    case 'FST_PARTS_LIMIT':
    case 'FST_FIELDS_LIMIT':
      return new BadRequestError('too_many_items', 'The multipart body has too many parts.');
    case 'ECONNRESET':
    case 'ECONNABORTED':
      return new BadRequestError('malformed_body', 'The connection closed before the body was complete.');
  }
  if (error.code === 'FST_ERR_REOPENED_CLOSE_SERVER')
    return new UnavailableError('shutting_down', 'The service is stopping; send the request again.');
  const status = error.statusCode ?? 500;
  if (status < 400 || status >= 500) return undefined;
  if (status === 400 || status === 406)
    return new BadRequestError('malformed_body', 'The body is malformed or incomplete.');
  return new RefusedError(status, 'refused', titles[status] ?? 'The request was refused.');
}

function validationError(error: FastifyError): BadRequestError {
  const [first] = error.validation ?? [];
  const place = `${error.validationContext ?? 'request'}${first?.instancePath ?? ''}`;
  if (first?.keyword === 'pattern' && /image_hash/.test(place))
    return new BadRequestError(
      'invalid_hash',
      text('{place} must be a SHA-256 as 64 hexadecimal digits.', { place }),
    );
  const code = first?.keyword === 'maxItems' ? 'too_many_items' : 'invalid_request';
  return new BadRequestError(code, whatIsWrong(place, first?.keyword, first?.params ?? {}));
}

/** @param params the validator's own, each keyword has others */
function whatIsWrong(place: string, keyword: string | undefined, params: Record<string, unknown>): Message {
  const limit = String(params.limit);
  switch (keyword) {
    case 'required':
      return text('{place} must have the property `{property}`.', {
        place,
        property: String(params.missingProperty),
      });
    case 'type':
      return text('{place} must be of type {type}.', { place, type: String(params.type) });
    case 'enum':
      return text('{place} must be one of {allowed}.', {
        place,
        allowed: [params.allowedValues].flat().join(', '),
      });
    case 'minItems':
      return text('{place} must have at least {limit} items.', { place, limit });
    case 'maxItems':
      return text('{place} must have at most {limit} items.', { place, limit });
    case 'minLength':
      return text('{place} must have at least {limit} characters.', { place, limit });
    case 'maxLength':
      return text('{place} must have at most {limit} characters.', { place, limit });
    case 'minimum':
    case 'maximum':
      return text('{place} must be {comparison} {limit}.', {
        place,
        comparison: String(params.comparison),
        limit,
      });
    default:
      return text('{place} is not as described in /docs.', { place });
  }
}
