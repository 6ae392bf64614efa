import type { FakeError } from './fake-llm-behaviour.ts';

export type VendorName = 'openai' | 'dashscope' | 'anthropic';

type Errors = Readonly<Record<'rate', FakeError>> & Readonly<Record<string, FakeError>>;

/** As OpenAI words an error. */
function openai(status: number, code: string | null, type: string, message: string): FakeError {
  return { status, body: { error: { message, type, param: null, code } } };
}

/** As DashScope words it in compatible mode: OpenAI's form with its own codes, and an id beside it. */
function dashscope(status: number, code: string, message: string, type = code): FakeError {
  const error = { code, param: null, message, type };
  return { status, body: { error, id: 'chatcmpl-fake', request_id: 'fake' } };
}

/** As DashScope's own gateway words it, before compatible mode is reached. */
function dashscopeBare(status: number, code: string, message: string): FakeError {
  return { status, body: { code, message, request_id: 'fake' } };
}

function anthropic(status: number, type: string, message: string): FakeError {
  return { status, body: { type: 'error', error: { type, message }, request_id: 'req_fake' } };
}

const quotaText = 'You exceeded your current quota, please check your plan and billing details.';

/**
 * Error bodies by vendor, as their documentation and people's logs show them:
 * https://platform.openai.com/docs/guides/error-codes, https://www.alibabacloud.com/help/en/model-studio/error-code,
 * https://docs.anthropic.com/en/api/errors
 */
export const vendorErrors = {
  openai: {
    rate: openai(
      429,
      'rate_limit_exceeded',
      'requests',
      'Rate limit reached for gpt-4.1-mini on requests per min (RPM): Limit 500, Used 500, Requested 1.',
    ),
    tokens: openai(
      429,
      'rate_limit_exceeded',
      'tokens',
      'Rate limit reached for gpt-4.1-mini on tokens per min (TPM): Limit 200000, Used 199500, Requested 900.',
    ),
    // Of calls with `service_tier: flex`; they cost nothing.
    flexUnavailable: openai(
      429,
      'resource_unavailable',
      'resource_unavailable',
      'Flex processing has insufficient resources to handle your request. Retry later or use the default tier.',
    ),
    credit: openai(429, 'insufficient_quota', 'insufficient_quota', quotaText),
    hardLimit: openai(
      429,
      'billing_hard_limit_reached',
      'invalid_request_error',
      'Billing hard limit has been reached',
    ),
    key: openai(
      401,
      'invalid_api_key',
      'invalid_request_error',
      'Incorrect API key provided: sk-test. You can find your API key at https://platform.openai.com/account/api-keys.',
    ),
    region: openai(
      403,
      'unsupported_country_region_territory',
      'request_forbidden',
      'Country, region, or territory not supported',
    ),
    model: openai(
      404,
      'model_not_found',
      'invalid_request_error',
      'The model `gpt-9` does not exist or you do not have access to it.',
    ),
    policy: openai(
      400,
      'content_policy_violation',
      'invalid_request_error',
      'Your request was rejected as a result of our safety system.',
    ),
    filter: openai(
      400,
      'content_filter',
      'invalid_request_error',
      'The response was filtered due to the prompt triggering the content management policy.',
    ),
    image: openai(400, 'invalid_image_format', 'invalid_request_error', 'You uploaded an unsupported image.'),
    tooLarge: { status: 413, body: '<html><head><title>413 Request Entity Too Large</title></head></html>' },
    unprocessable: { status: 422, body: { detail: [{ loc: ['body', 'messages'], msg: 'field required' }] } },
    timeout: openai(408, null, 'timeout', 'Request timed out.'),
    server: openai(
      500,
      null,
      'server_error',
      'The server had an error while processing your request. Sorry about that!',
    ),
    overloaded: openai(503, null, 'server_error', 'That model is currently overloaded with other requests.'),
    gateway: { status: 502, body: '<html><body><h1>502 Bad Gateway</h1>cloudflare</body></html>' },
    gatewayTimeout: { status: 504, body: 'upstream request timeout' },
    payment: openai(402, '402', 'insufficient_credits', 'This request requires more credits.'),
    concurrent: openai(429, '50430', 'rate_limit', 'Request failed: concurrency limit reached.'),
  },
  dashscope: {
    rate: dashscope(429, 'limit_requests', 'You exceeded your current requests list.'),
    throttling: dashscopeBare(429, 'Throttling', 'Requests throttling triggered.'),
    rateQuota: dashscopeBare(
      429,
      'Throttling.RateQuota',
      'Requests rate limit exceeded, please try again later.',
    ),
    allocation: dashscopeBare(
      429,
      'Throttling.AllocationQuota',
      'Allocated quota exceeded, please increase your quota limit.',
    ),
    allocationCompatible: dashscope(429, 'insufficient_quota', quotaText),
    arrears: dashscope(400, 'Arrearage', 'Access denied, please make sure your account is in good standing.'),
    freeTier: dashscope(
      403,
      'AllocationQuota.FreeTierOnly',
      'The free tier of the model has been exhausted.',
    ),
    inspection: dashscope(400, 'data_inspection_failed', 'Input data may contain inappropriate content.'),
    inspectionBare: dashscopeBare(
      400,
      'DataInspectionFailed',
      'Input or output data may contain inappropriate content.',
    ),
    inspectionFormat: dashscopeBare(
      400,
      'InvalidParameter.DataInspection',
      'The media format is not supported or incorrect for the data inspection.',
    ),
    parameter: dashscope(
      400,
      'invalid_parameter_error',
      'Range of max_tokens should be [1, 8192]',
      'invalid_request_error',
    ),
    key: dashscope(401, 'invalid_api_key', 'Incorrect API key provided.', 'invalid_request_error'),
    unpurchased: dashscopeBare(
      403,
      'AccessDenied.Unpurchased',
      'Access to model denied. Please make sure you are eligible for using the model.',
    ),
    model: dashscope(
      404,
      'model_not_found',
      'The model `qwen9-vl` does not exist or you do not have access to it.',
      'invalid_request_error',
    ),
    modelBare: dashscopeBare(400, 'ModelNotFound', 'Model can not be found.'),
    timeout: dashscopeBare(408, 'RequestTimeOut', 'Request timed out, please try again later.'),
    server: dashscopeBare(
      500,
      'InternalError.Algo',
      'An internal error has occured during execution, please try again later or contact service support.',
    ),
    busy: dashscopeBare(
      503,
      'ModelServingError',
      'Too many requests. Your requests are being throttled due to system capacity limits.',
    ),
  },
  anthropic: {
    rate: anthropic(
      429,
      'rate_limit_error',
      'This request would exceed the rate limit for your organization of 50 requests per minute.',
    ),
    concurrent: anthropic(
      429,
      'rate_limit_error',
      'Number of concurrent connections has exceeded your rate limit.',
    ),
    credit: anthropic(
      400,
      'invalid_request_error',
      'Your credit balance is too low to access the Anthropic API.',
    ),
    filter: anthropic(400, 'invalid_request_error', 'Output blocked by content filtering policy'),
    image: anthropic(
      400,
      'invalid_request_error',
      'messages.0.content.1.image.source.base64: Could not process image',
    ),
    key: anthropic(401, 'authentication_error', 'invalid x-api-key'),
    permission: anthropic(
      403,
      'permission_error',
      'Your API key does not have permission to use the specified resource.',
    ),
    model: anthropic(404, 'not_found_error', 'model: claude-9'),
    tooLarge: anthropic(413, 'request_too_large', 'Request exceeds the maximum size'),
    server: anthropic(500, 'api_error', 'Internal server error'),
    overloaded: anthropic(529, 'overloaded_error', 'Overloaded'),
  },
} as const satisfies Readonly<Record<VendorName, Errors>>;
