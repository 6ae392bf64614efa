import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

test('on a Node.js that is too old, npm scripts say so in one sentence', () => {
  const folder = mkdtempSync(join(tmpdir(), 'album-older-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const older = join(folder, 'older.cjs');
  writeFileSync(older, "Object.defineProperty(process.versions, 'node', { value: '20.20.2' });");
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const name of ['start', 'classify', 'cli']) {
    const [, , ...args] = scripts[name].split(' ');
    const run = (env: Record<string, string>) =>
      spawnSync(process.execPath, ['-r', older, ...args], {
        encoding: 'utf8',
        env: { ...inherited, ...env },
      });
    const { status, stderr, stdout } = run({ LANG: 'C' });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^album-classifier needs Node\.js 24 or newer; this is 20\.20\.2\..*\n$/);
    if (name === 'start') expect(run({ LANG: 'zh_CN.UTF-8' }).stderr).toMatch(/^album-classifier 需要.*\n$/);
  }
});

// Where no shell has `exec`, as on Windows.
test('the command exec of this repository passes arguments and the exit code on', () => {
  const script = 'console.log(JSON.stringify(process.argv.slice(1))); process.exit(7)';
  const args = ['scripts/exec/exec.js', 'node', '-e', script, 'a', 'b c'];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 7, stdout: '["a","b c"]\n' });
});
