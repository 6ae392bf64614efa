import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDriver } from '../../src/compose/driver.ts';
import { configFrom } from '../../src/config.ts';
import { reasonOf } from '../../src/store/outage.ts';
import { mariadbPath, type OwnMariadb, startMariadb } from '../support/own-mariadb.ts';

const path = mariadbPath();

describe.skipIf(path === undefined)('a MySQL server that takes encrypted connections only', () => {
  let folder: string;
  let maria: OwnMariadb;
  const file = (name: string) => join(folder, name);
  const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });

  /** A certificate for that name, by our own authority. */
  function certify(name: string): void {
    const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', 'server.key'];
    openssl('req', ...key, '-subj', `/CN=${name}`, '-out', 'server.csr');
    writeFileSync(file('names'), `subjectAltName=DNS:${name}`);
    const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names', '-days', '2'];
    openssl('x509', '-req', '-in', 'server.csr', ...by, '-out', 'server.pem');
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'album-tls-'));
    const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key'];
    openssl('req', '-x509', ...key, '-subj', '/CN=our own', '-days', '2', '-out', 'ca.pem');
    certify('db.example');
    maria = await startMariadb(path ?? '', [
      `--ssl-cert=${file('server.pem')}`,
      `--ssl-key=${file('server.key')}`,
      '--require-secure-transport=ON',
    ]);
  });
  afterAll(async () => {
    await maria.stop();
    rmSync(folder, { recursive: true });
  });

  /** What comes of using it as the configuration says. */
  async function using(parameters: string, environment: Record<string, string> = {}): Promise<string> {
    const url = `mysql://root@localhost:${maria.server.port}/album${parameters}`;
    const store = openDriver(configFrom({ DATABASE_URL: url, ...environment }));
    try {
      await store.migrate();
      await store.ping();
      await store.maintenance.cacheCounts();
      return 'works';
    } catch (error) {
      return reasonOf(error);
    } finally {
      await store.close();
    }
  }

  test('rejects a client without encryption, and accepts one with it', async () => {
    expect(await using('')).toMatch(/denied|insecure transport/);
    expect(await using('?ssl-mode=REQUIRED')).toBe('works');
  });

  test('is trusted for its issuer, whatever its name', async () => {
    expect(await using('?ssl-mode=VERIFY_CA')).toContain('certificate');
    expect(await using('?ssl-mode=VERIFY_CA', { MYSQL_TLS_CA: file('ca.pem') })).toBe('works');
  });

  test('must have the name in the URL, if the URL demands it', async () => {
    const parameters = `?ssl-mode=VERIFY_IDENTITY&ssl-ca=${encodeURIComponent(file('ca.pem'))}`;
    expect(await using(parameters)).toContain("does not match certificate's altnames");
    certify('localhost');
    const admin = await createConnection({ ...maria.server, ssl: { rejectUnauthorized: false } });
    await admin.query('FLUSH SSL');
    await admin.end();
    expect(await using(parameters)).toBe('works');
  });

  test('gets no connection with a file that holds no certificates', () => {
    const trusting = (name: string) =>
      openDriver(configFrom({ MYSQL_HOST: 'db', MYSQL_TLS: 'verify', MYSQL_TLS_CA: file(name) }));
    expect(() => trusting('names')).toThrow(/MYSQL_TLS_CA must name/);
    expect(() => trusting('none')).toThrow(/ENOENT/);
  });
});
