/** Targets of gateway.ts, each in its own process. */
import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answers, load } from './gateway-load.ts';
import { type Body, chatBody, formBody, formHeaders, jsonHeaders } from './gateway-photos.ts';

export interface Target {
  readonly name: string;
  /** Long edge of the picture that it sends; absent: the photo's own. */
  readonly sentPx?: number;
  readonly process?: ChildProcess;
  load(picture: Buffer, rate: number, seconds: number): Promise<Answers>;
}

/** A target that receives bodies over HTTP. */
function overHttp(
  url: string,
  headers: Record<string, string>,
  bodyOf: (picture: Buffer) => Body,
): Pick<Target, 'load'> {
  return { load: (picture, rate, seconds) => load({ url, headers }, bodyOf(picture), rate, seconds) };
}

export function openTargets() {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-bench-'));
  const children: ChildProcess[] = [];

  async function forked(file: string, env: Record<string, string> = {}) {
    const child = fork(new URL(file, import.meta.url), {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    children.push(child);
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return { child, port };
  }

  const ourSettings = (name: string, vendorUrl: string) => ({
    SQLITE_FILE: join(folder, `${name}.db`),
    LLM_BASE_URL: vendorUrl,
    LLM_API_KEY: 'sk-bench',
    LLM_MODEL: 'gpt-6-luna',
    LLM_MAX_CONCURRENCY: '100',
    STRATEGY: 'llm-only',
  });

  return {
    async vendor() {
      const { child, port } = await forked('./lean-vendor.ts');
      return { process: child, url: `http://127.0.0.1:${port}/v1` };
    },

    straight: (vendorUrl: string): Target => ({
      name: 'straight to the vendor',
      ...overHttp(`${vendorUrl}/chat/completions`, jsonHeaders, chatBody),
    }),

    async portkey(vendorUrl: string, version: string): Promise<Target> {
      const home = join(folder, 'portkey');
      mkdirSync(home);
      const quiet = { cwd: home, stdio: 'ignore' } as const;
      execFileSync('npm', ['init', '-y'], quiet);
      const options = ['--omit=dev', '--ignore-scripts'];
      execFileSync('npm', ['install', ...options, `@portkey-ai/gateway@${version}`], quiet);
      const port = await freePort();
      const script = join(home, 'node_modules/@portkey-ai/gateway/build/start-server.js');
      const trusted = { TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost', NODE_ENV: 'production' };
      const child = spawn(process.execPath, [script, `--port=${port}`, '--headless'], {
        cwd: home,
        env: { PATH: process.env.PATH, ...trusted },
        stdio: 'ignore',
      });
      children.push(child);
      const url = `http://127.0.0.1:${port}`;
      const isUp = () =>
        fetch(url).then(
          () => true,
          () => false,
        );
      while (!(await isUp())) await sleep(100);
      const headers = { ...jsonHeaders, 'x-portkey-provider': 'openai', 'x-portkey-custom-host': vendorUrl };
      return {
        name: 'Portkey',
        process: child,
        ...overHttp(`${url}/v1/chat/completions`, headers, chatBody),
      };
    },

    async relay(vendorUrl: string): Promise<Target> {
      const { child, port } = await forked('./gateway-relay.ts', { VENDOR_URL: vendorUrl });
      return {
        name: 'bare relay',
        process: child,
        ...overHttp(`http://127.0.0.1:${port}`, formHeaders, formBody),
      };
    },

    async ours(
      name: string,
      vendorUrl: string,
      env: Record<string, string>,
      sentPx?: number,
    ): Promise<Target> {
      const { child, port } = await forked('./gateway-service.ts', {
        ...ourSettings(name, vendorUrl),
        ...env,
      });
      return {
        name,
        ...(sentPx !== undefined && { sentPx }),
        process: child,
        ...overHttp(`http://127.0.0.1:${port}/api/v1/classify`, formHeaders, formBody),
      };
    },

    async close() {
      for (const child of children) child.kill();
      await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
