import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { inherited } from '../support/inherited.ts';

// The shell of a script would neither pass a signal on nor wait: it has to become the service, by `exec`.
test.runIf(process.platform === 'linux')(
  'SIGTERM to npm stops the service, and leaves no process',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'album-npm-'));
    const port = await freePort();
    const npm = spawn('npm', ['start', '--', '--port', String(port), '--host', '127.0.0.1'], {
      env: {
        ...inherited,
        SQLITE_FILE: join(folder, 'album.db'),
        INFERENCE_PROCESSES: '1',
        SHUTDOWN_GRACE: '0',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that what is left of it can be ended.
      detached: true,
    });
    const exited = once(npm, 'exit');
    const endGroup = (what: NodeJS.Signals | 0) => {
      try {
        return process.kill(-(npm.pid ?? 0), what);
      } catch {
        return false;
      }
    };
    onTestFinished(() => {
      endGroup('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    });
    const isReady = () =>
      fetch(`http://127.0.0.1:${port}/health/ready`, { headers: { connection: 'close' } }).then(
        ({ ok }) => ok,
        () => false,
      );
    await expect.poll(isReady, { timeout: 45_000 }).toBe(true);
    npm.kill('SIGTERM');
    await exited;
    await expect.poll(() => endGroup(0), { timeout: 30_000 }).toBe(false);
  },
);
