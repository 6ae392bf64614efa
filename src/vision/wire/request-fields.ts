import type { RequestRules } from '../catalogue/catalogue.ts';
import type { VendorErrorBody } from './error-body.ts';
import { VendorError } from './vendor-error.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface RequestFieldsOptions {
  readonly rules: RequestRules;
  /** Of the operator's: wins over everything, and null takes a field out. */
  readonly extraBody?: Fields | undefined;
  /** The vendor rejected a field: it is left out from now on. */
  readonly onRejected?: (field: string) => void;
}

/** What all calls to one provider send beside the model, the photo and the question. */
export interface RequestFields {
  readonly rules: RequestRules;
  /** Whether a field may be sent that lies deeper in the body. */
  allows(field: string): boolean;
  /**
   * Sends, and once more without each optional field that the vendor's answer names.
   * @param own of this call: `model`, `maxTokens`, and further fields
   */
  send<T>(own: CallFields, call: (fields: Fields) => Promise<T>): Promise<T>;
}

interface CallFields {
  readonly model: string;
  readonly maxTokens: number;
  readonly more?: Fields;
}

/** Never left out: without `service_tier` a call would cost another price than the budget counts. */
const lasting = ['model', 'service_tier'];

const capFields = ['max_tokens', 'max_completion_tokens'] as const;

export function requestFields({ rules, extraBody = {}, onRejected }: RequestFieldsOptions): RequestFields {
  const rejected = new Set<string>();
  const reported = new Set<string>();
  const capOrder = rules.maxTokensField === capFields[0] ? capFields : capFields.toReversed();

  function fieldsOf({ model, maxTokens, more }: CallFields): Fields {
    const cap = capOrder.find((name) => !rejected.has(name));
    const instead = Object.entries(rules.insteadOf ?? {}).filter(([name]) => rejected.has(name));
    const ruled: Record<string, unknown> = {
      model,
      stream: false,
      ...(cap && { [cap]: maxTokens }),
      ...more,
      ...rules.body,
      ...Object.assign({}, ...instead.map(([, fields]) => fields)),
    };
    // The catalogue asks for room, the operator may want more of it.
    if (cap && Number(ruled[cap]) < maxTokens) ruled[cap] = maxTokens;
    return Object.fromEntries(
      Object.entries({ ...ruled, ...extraBody }).filter(
        ([name, value]) => value !== null && !rejected.has(name),
      ),
    );
  }

  /** The optional fields of a request that its answer names. */
  function namedIn(answer: VendorErrorBody, sent: Fields): string[] {
    const deeper = rules.detail && !rejected.has('detail') ? ['detail'] : [];
    const optional = [...Object.keys(sent), ...deeper].filter((name) => !lasting.includes(name));
    return optional.filter((name) => isNamed(name, answer));
  }

  function leaveOutForGood(fields: ReadonlySet<string>) {
    for (const name of fields) if (!reported.has(name)) onRejected?.(name);
    for (const name of fields) reported.add(name);
  }

  return {
    rules,
    allows: (field) => !rejected.has(field),
    async send(own, call) {
      const leftOut = new Set<string>();
      for (;;) {
        const sent = fieldsOf(own);
        try {
          const reply = await call(sent);
          leaveOutForGood(leftOut);
          return reply;
        } catch (error) {
          const answer = rejectionOf(error);
          const named = answer ? namedIn(answer, sent) : [];
          for (const name of named) {
            rejected.add(name);
            leftOut.add(name);
          }
          if (named.length > 0) continue;
          // Rejected all the same: these fields were not the cause.
          if (answer) for (const name of leftOut) rejected.delete(name);
          else leaveOutForGood(leftOut);
          throw error;
        }
      }
    },
  };
}

/** The vendor's answer to a request that it does not accept unchanged; undefined if it refuses the photo. */
function rejectionOf(error: unknown): VendorErrorBody | undefined {
  if (!(error instanceof VendorError) || error.reason === 'refused') return undefined;
  const { status, error: body } = error.failure;
  return status === 400 || status === 422 ? body : undefined;
}

/** Everyday words count only where they are quoted, or part of a path: `thinking.type: …`, `'detail'`. */
function isNamed(field: string, { param = '', message = '' }: VendorErrorBody): boolean {
  if (param.split(/[.[\]]+/).includes(field)) return true;
  const pattern = field.includes('_') ? `\\b${field}\\b` : `(^|["'\`.])${field}(["'\`.:]|$)`;
  return /^\w+$/.test(field) && new RegExp(pattern).test(message);
}
