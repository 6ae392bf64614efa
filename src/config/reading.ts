import { readFileSync } from 'node:fs';
import type { ValueOf, Variable } from './kinds.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

type Variables = Readonly<Record<string, Variable<unknown>>>;
type ValuesOf<V> = { readonly [Name in keyof V]: ValueOf<V[Name]> };

/** The setting that names a file with the value of a secret setting. */
export const fileSettingOf = (name: string) => `${name}_FILE`;

/** Names of these variables, and for each secret one the name of its file. */
export function namesOf(variables: Variables): string[] {
  return Object.entries(variables).flatMap(([name, { secret }]) =>
    secret ? [name, fileSettingOf(name)] : [name],
  );
}

/**
 * Values of all variables; a secret one may be in the file that `<NAME>_FILE` names. Adds errors to `problems`; a
 * variable with an error has no value.
 * @param prefix of the names in the environment
 */
export function readVariables<V extends Variables>(
  variables: V,
  environment: Environment,
  problems: string[],
  prefix = '',
): ValuesOf<V> {
  const entries = Object.entries(variables).map(([key, variable]) => {
    const name = prefix + key;
    try {
      const written = variable.secret ? secretFrom(name, environment) : settingFrom(name, environment);
      return [key, parsed(variable, name, written)];
    } catch (error) {
      problems.push((error as Error).message);
      return [key, undefined];
    }
  });
  return Object.fromEntries(entries) as ValuesOf<V>;
}

function settingFrom(name: string, environment: Environment): string {
  return environment[name]?.trim() ?? '';
}

/** @throws Error both are set, or the file has no value */
function secretFrom(name: string, environment: Environment): string {
  const written = settingFrom(name, environment);
  const fileSetting = fileSettingOf(name);
  const file = settingFrom(fileSetting, environment);
  if (file === '') return written;
  if (written !== '') throw new Error(`${name} and ${fileSetting} must not both be set`);
  const content = textIn(file, fileSetting).trim();
  // Without its key, a service would start with the local model alone.
  if (content === '') throw new Error(`${fileSetting} names an empty file`);
  return content;
}

function textIn(file: string, fileSetting: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    // Without the name: it may be the secret itself, written into the wrong setting.
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${fileSetting} must name a file that can be read, and reading it fails with ${code}`);
  }
}

/** @throws Error a sentence for the operator */
function parsed(variable: Variable<unknown>, name: string, written: string): unknown {
  try {
    return variable.parse(written === '' ? variable.default : written);
  } catch (error) {
    const shown = variable.secret ? 'the value given' : JSON.stringify(written);
    throw new Error(`${name} must be ${(error as Error).message}, not ${shown}`);
  }
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
