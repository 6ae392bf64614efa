/**
 * Everything about the LLM side, one benchmark after another: `llm-flow.ts`, then `llm-chaos.ts`.
 *
 *   npm run bench bench/llm.ts -- [--quiet 240]
 *
 * Takes ten minutes. The exit code is 1 where a scene of the first fails.
 */
import { spawnSync } from 'node:child_process';

const args = process.argv.slice(2);
const run = (file: string, more: readonly string[] = []) =>
  spawnSync(process.execPath, [`bench/${file}`, ...more], { stdio: 'inherit' }).status ?? 1;

const statuses = [run('llm-flow.ts', args), run('llm-chaos.ts')];
process.exitCode = Math.max(...statuses);
