interface Response {
  description: string;
  headers?: Record<string, object>;
  content?: Record<string, object>;
}

interface Operation {
  operationId?: string;
  tags?: readonly string[];
  parameters?: object[];
  security?: object[];
  requestBody?: { content: Record<string, object> };
  responses: Record<string, Response>;
}

interface Document {
  readonly paths?: object | undefined;
}

/** Codes of errors by status, as docs/api.md explains them. */
export const codesOf: Readonly<Record<string, readonly string[]>> = {
  400: [
    'invalid_request',
    'malformed_body',
    'missing_part',
    'invalid_hash',
    'too_many_items',
    'counts_differ',
  ],
  401: ['unauthorized'],
  403: ['forbidden'],
  404: ['not_found'],
  405: ['method_not_allowed'],
  408: ['upload_too_slow'],
  413: ['body_too_large', 'file_too_large', 'too_many_pixels'],
  415: ['unsupported_media_type', 'unsupported_format'],
  422: ['undecodable_image', 'truncated_image', 'refused_image'],
  429: ['quota_exceeded'],
  500: ['internal_error'],
  503: ['overloaded', 'no_classifier', 'store_unavailable', 'shutting_down'],
  504: ['deadline_passed'],
};

export const securitySchemes = {
  opsToken: { type: 'http', scheme: 'bearer', description: 'Token of operators' },
  apiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description: 'Key of a client, where the service asks for one',
  },
} as const;

const userId = {
  name: 'X-User-ID',
  in: 'header',
  required: false,
  description: 'Id of the installation: claims, corrections and copies belong to it',
  schema: { type: 'string' },
};

const retryAfter = { description: 'Seconds until another try makes sense', schema: { type: 'integer' } };

/** Adds what is the same for many routes, so that no route has to repeat it: ids, keys, errors and their headers. */
export function completeDocument<D extends Document>(document: D, problemSchema: object): D {
  const paths = (document.paths ?? {}) as Record<string, Record<string, Operation>>;
  for (const [path, operations] of Object.entries(paths))
    for (const [method, operation] of Object.entries(operations)) {
      operation.operationId = idOf(method, path);
      if (isForClients(operation)) {
        operation.parameters = [...(operation.parameters ?? []), userId];
        operation.security = [{}, { apiKey: [] }];
        addProblems(operation, [401, 403, 429], problemSchema);
      }
      if (operation.requestBody) addProblems(operation, [413, 415], problemSchema);
      if (operation.requestBody?.content['multipart/form-data']) addProblems(operation, [408], problemSchema);
      addProblems(operation, [500], problemSchema);
      for (const [status, response] of Object.entries(operation.responses)) describe(status, response);
    }
  return document;
}

/** `post /api/v1/classify/check-cache` is `postV1ClassifyCheckCache`. */
function idOf(method: string, path: string): string {
  const words = path.replace(/^\/api/, '').match(/\w+/g) ?? [];
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

/** Routes that read who asks; health and operators' routes don't. */
function isForClients({ tags = [], security }: Operation): boolean {
  return (
    security === undefined &&
    tags.some((tag) => ['classify', 'cache', 'v2'].includes(tag)) &&
    !tags.includes('health')
  );
}

function addProblems(operation: Operation, statuses: readonly number[], schema: object): void {
  for (const status of statuses)
    operation.responses[status] ??= {
      description: '',
      content: { 'application/problem+json': { schema } },
    };
}

function describe(status: string, response: Response): void {
  const codes = codesOf[status];
  if (!codes || !response.content?.['application/problem+json']) return;
  response.description = `Problem, with one of these codes: ${codes.join(', ')}`;
  if (status === '429' || status === '503') response.headers = { 'Retry-After': retryAfter };
}
