import { readFileSync } from 'node:fs';
import { SetupError } from '../errors.ts';
import { type Text, text } from '../messages/text.ts';
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
  problems: Text[],
  prefix = '',
): ValuesOf<V> {
  const entries = Object.entries(variables).map(([key, variable]) => {
    const name = prefix + key;
    try {
      const written = variable.secret ? secretFrom(name, environment) : settingFrom(name, environment);
      return [key, parsed(variable, name, written)];
    } catch (error) {
      problems.push(SetupError.textOf(error));
      return [key, undefined];
    }
  });
  return Object.fromEntries(entries) as ValuesOf<V>;
}

function settingFrom(name: string, environment: Environment): string {
  return environment[name]?.trim() ?? '';
}

/** @throws SetupError both are set, or the file has no value */
function secretFrom(name: string, environment: Environment): string {
  const written = settingFrom(name, environment);
  const fileSetting = fileSettingOf(name);
  const file = settingFrom(fileSetting, environment);
  if (file === '') return written;
  if (written !== '')
    throw new SetupError(text('{name} and {other} must not both be set', { name, other: fileSetting }));
  const content = textIn(file, fileSetting).trim();
  // Without its key, a service would start with the local model alone.
  if (content === '') throw new SetupError(text('{name} names an empty file', { name: fileSetting }));
  return content;
}

function textIn(file: string, fileSetting: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    // Without the name: it may be the secret itself, written into the wrong setting.
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new SetupError(
      text('{name} must name a file that can be read, and reading it fails with {code}', {
        ...{ name: fileSetting, code },
      }),
    );
  }
}

/** @throws SetupError */
function parsed(variable: Variable<unknown>, name: string, written: string): unknown {
  try {
    return variable.parse(written === '' ? variable.default : written);
  } catch (error) {
    const accepted = SetupError.textOf(error);
    throw new SetupError(
      variable.secret
        ? text('{name} must be {accepted}, not the value given', { name, accepted })
        : text('{name} must be {accepted}, not {value}', { name, accepted, value: JSON.stringify(written) }),
    );
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
