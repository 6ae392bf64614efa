import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../config.ts';
import { isLoopbackName, type OpsRule } from '../http/ops/access.ts';

export interface OpsToken {
  readonly rule: OpsRule;
  /** File of the token, if it is in one. */
  readonly file?: string;
  /** Why the routes of operators answer 403. */
  readonly problem?: string;
}

/**
 * Callers of the routes of operators need the configured token, or the one in the data folder. If there is none and
 * other machines can reach the service, the start creates one. Processes with the same folder share it.
 */
export function openOpsToken({ host, http }: Pick<Config, 'host' | 'http'>): OpsToken {
  const { opsToken, opsTokenFile: file, trustProxy } = http;
  if (opsToken !== undefined) return { rule: { kind: 'token', tokens: opsToken } };
  try {
    let tokens = read(file);
    // Behind a proxy all callers look local.
    if (tokens === undefined && isLoopbackName(host) && trustProxy === false)
      return { rule: { kind: 'loopback' } };
    tokens ??= made(file);
    if (/^[\s,]*$/.test(tokens)) return closed(`${file} is empty`);
    return { rule: { kind: 'token', tokens }, file };
  } catch (error) {
    return closed(`${file} can't be used: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`);
  }
}

function closed(problem: string): OpsToken {
  return { rule: { kind: 'closed' }, problem };
}

/** Undefined if the file does not exist. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Creates the file, or reads it if another process just created it. A hard link makes it appear with all of its content. */
function made(file: string): string {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    removeIfThere(draft);
  }
  return read(file) ?? '';
}

function removeIfThere(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // The file was never written.
  }
}
