import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { freePort } from './free-port.ts';

export const site = readFileSync('deploy/nginx/album-classifier.conf', 'utf8');
export const hasNginx = spawnSync('nginx', ['-v'], { env: searchPath() }).status === 0;
if (!hasNginx && process.env.REQUIRE_NGINX === '1') throw new Error('nginx is not installed');

/** Debian keeps nginx where only root looks. */
export function searchPath(): NodeJS.ProcessEnv {
  return { PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
}

/** Writes a main configuration around the site into a folder of its own. */
export function configurationOf(siteText: string): { folder: string; args: readonly string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'album-nginx-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'temp'));
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(folder, 'temp', kind)};`,
  );
  const main = `worker_processes 1;
daemon off;
pid ${join(folder, 'nginx.pid')};
error_log ${join(folder, 'error.log')};
events { worker_connections 256; }
http { access_log off; ${temp.join(' ')} include ${join(folder, 'site.conf')}; }`;
  writeFileSync(join(folder, 'site.conf'), siteText);
  writeFileSync(join(folder, 'nginx.conf'), main);
  return { folder, args: ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')] };
}

/** The site on a plain loopback port, in front of these replicas. */
function plainSite(port: number, replicas: readonly string[]): string {
  const servers = replicas.map(
    (url) => `    server ${url.replace('http://', '')} max_fails=3 fail_timeout=5s;\n`,
  );
  return site
    .replace(/( +server 127\.0\.0\.1:\d+ .*\n)+/, servers.join(''))
    .replace('listen 443 ssl;', `listen 127.0.0.1:${port};`)
    .replace(/^.*(listen \[::\]|ssl_certificate).*$/gm, '');
}

export /** nginx with the site of `deploy/` in front of these replicas. @returns its port */
async function startNginx(replicas: readonly string[]): Promise<number> {
  const port = await freePort();
  const { args } = configurationOf(plainSite(port, replicas));
  const nginx = spawn('nginx', args, { env: searchPath(), stdio: 'ignore' });
  const exited = once(nginx, 'exit');
  onTestFinished(async () => {
    nginx.kill('SIGTERM');
    await exited;
  });
  const answers = () => fetch(`http://127.0.0.1:${port}/health/live`).then(({ ok }) => ok);
  await expect.poll(() => answers().catch(() => false), { timeout: 15_000 }).toBe(true);
  return port;
}
