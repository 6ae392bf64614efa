/** Looks at one value of a file that people edit. @throws Error that names the place and what is expected there */
export type Check = (value: unknown, path: string) => void;

function expects(isRight: (value: unknown) => boolean, words: string): Check {
  return (value, path) => {
    if (!isRight(value)) throw new Error(`${path} must be ${words}`);
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const text = expects((value) => typeof value === 'string' && value !== '', 'a text');

export const texts = expects(
  (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
  'a list of texts',
);

export const amount = expects(
  (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
  'a number, 0 or more',
);

export const anyObject = expects(isObject, 'an object');

export const truth = expects((value) => typeof value === 'boolean', 'true or false');

export const currencyCode = expects(
  (value) => typeof value === 'string' && /^[A-Z]{3}$/.test(value),
  'three capital letters, as USD',
);

export const date = expects(
  (value) =>
    typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value)),
  'a date as 2026-11-26',
);

export const webAddress = expects(
  (value) => typeof value === 'string' && /^https?:$/.test(URL.parse(value)?.protocol ?? ''),
  'a URL beginning with http:// or https://',
);

export const oneOf = (...words: readonly unknown[]): Check =>
  expects((value) => words.includes(value), `one of ${words.join(', ')}`);

export const orNull =
  (check: Check): Check =>
  (value, path) =>
    value === null || check(value, path);

/** An object of any keys whose values are alike. */
export const record =
  (check: Check): Check =>
  (value, path) => {
    anyObject(value, path);
    for (const [key, one] of Object.entries(value as object)) check(one, `${path}.${key}`);
  };

/** An object with these keys and no others: a misspelt one would go unnoticed. */
export const object =
  (required: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check =>
  (value, path) => {
    anyObject(value, path);
    const checks: Readonly<Record<string, Check>> = { ...required, ...optional };
    const missing = Object.keys(required).find((key) => !Object.hasOwn(value as object, key));
    if (missing !== undefined) throw new Error(`${path}.${missing} is missing`);
    for (const [key, one] of Object.entries(value as object)) {
      const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
      if (check === undefined) throw new Error(`${path}.${key} is not known here`);
      check(one, `${path}.${key}`);
    }
  };
