import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../config.ts';
import { isLoopbackName, type OpsRule } from '../http/ops/access.ts';

export interface OpsToken {
  readonly rule: OpsRule;
  /** The file that the token is in, where it is in one. */
  readonly file?: string;
  /** Why the routes of operators stay closed. */
  readonly problem?: string;
}

/**
 * Who may call the routes of operators: who has the configured token, else the one in the data folder. Where there is
 * none yet and others than this machine can reach the service, one is made; processes on one folder share it.
 */
export function openOpsToken({ host, http }: Pick<Config, 'host' | 'http'>): OpsToken {
  const { opsToken, opsTokenFile: file, trustProxy } = http;
  if (opsToken !== undefined) return { rule: { kind: 'token', tokens: opsToken } };
  try {
    let tokens = read(file);
    // Whoever names a proxy has one, and all that come through it look local.
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

/** Undefined where there is no such file. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Made, or read where another process has just made it: a link appears at once, with all of its content, or not at all. */
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
    // It could not be written in the first place.
  }
}
