import type { ValueOf, Variable } from './kinds.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

type ValuesOf<V> = { readonly [Name in keyof V]: ValueOf<V[Name]> };

/**
 * Values of all variables. Adds errors to `problems`; a variable with an error has no value.
 * @param prefix of the names in the environment
 */
export function readVariables<V extends Readonly<Record<string, Variable<unknown>>>>(
  variables: V,
  environment: Environment,
  problems: string[],
  prefix = '',
): ValuesOf<V> {
  const entries = Object.entries(variables).map(([name, variable]) => {
    const written = environment[prefix + name]?.trim();
    try {
      return [name, variable.parse(written === undefined || written === '' ? variable.default : written)];
    } catch (error) {
      const shown = variable.secret ? 'the value given' : JSON.stringify(written);
      problems.push(`${prefix}${name} must be ${(error as Error).message}, not ${shown}`);
      return [name, undefined];
    }
  });
  return Object.fromEntries(entries) as ValuesOf<V>;
}

export function listFrom(value: string): string[] {
  return value
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

/** `a:0.5, b` as pairs; the number is optional. */
export function numbersFrom(value: string): Readonly<Record<string, number | undefined>> {
  return Object.fromEntries(
    listFrom(value).map((one) => {
      const [name = '', number] = one.split(':');
      return [name, number === undefined ? undefined : Number(number)];
    }),
  );
}
