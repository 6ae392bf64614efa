import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { inherited } from '../support/inherited.ts';

export interface CliRun {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** Of NDJSON: a row for each photo. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads any shape and asserts it
  readonly rows: any[];
  // biome-ignore lint/suspicious/noExplicitAny: a test reads any shape and asserts it
  readonly summary: any;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly done: Promise<CliRun>;
}

/** The command line as a user has it: a process of its own in a folder of its own. Killed when the test ends. */
export function startCli(
  cwd: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): RunningCli {
  const child = spawn(process.execPath, [resolve('src/cli.ts'), ...args], {
    cwd,
    env: { ...inherited, INFERENCE_PROCESSES: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text;
  });
  const done = once(child, 'close').then(([code]) => {
    const lines = out.startsWith('{"') ? out.trim().split('\n').map(parsed) : [];
    const isSummary = (line: object) => 'summary' in line;
    const { summary } = (lines.find(isSummary) ?? {}) as { summary?: unknown };
    return { code, out, err, rows: lines.filter((line) => !isSummary(line)), summary };
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, done };
}

export function runCli(cwd: string, args: readonly string[], environment?: Record<string, string>) {
  return startCli(cwd, args, environment).done;
}

/** In a terminal of 80 columns. @returns both outputs as they reach it, with the codes that it obeys */
export async function runInTerminal(
  cwd: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<string> {
  const words = [process.execPath, resolve('src/cli.ts'), ...args].map((word) => `'${word}'`);
  const child = spawn('script', ['-qec', `stty cols 80; exec ${words.join(' ')}`, '/dev/null'], {
    cwd,
    env: { ...inherited, INFERENCE_PROCESSES: '1', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    shown += text;
  });
  await once(child, 'close');
  return shown;
}

function parsed(line: string): object {
  return JSON.parse(line);
}
