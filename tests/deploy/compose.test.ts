import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configFrom, settingNames } from '../../src/config.ts';
import { configurationOf, hasNginx, searchPath, site } from '../support/nginx.ts';

const folder = 'deploy/compose';
const compose = parse(readFileSync(`${folder}/replicas.yml`, 'utf8'), { merge: true });
const { services, secrets, volumes } = compose;
const replicas = [1, 2, 3].map((number) => services[`replica-${number}`]);
const replicasSite = readFileSync(`${folder}/site.conf`, 'utf8');

describe('three replicas with Docker Compose', () => {
  test('have settings that exist and are valid, and no secret but in a file', () => {
    const environment: Record<string, string> = replicas[0].environment;
    expect(Object.keys(environment).filter((name) => !settingNames.includes(name))).toEqual([]);
    const files = Object.entries(environment).filter(([, value]) =>
      String(value).startsWith('/run/secrets/'),
    );
    expect(files.map(([, path]) => path.replace('/run/secrets/', '')).toSorted()).toEqual(
      Object.keys(secrets).toSorted(),
    );
    expect(replicas[0].secrets.toSorted()).toEqual(Object.keys(secrets).toSorted());
    const others = Object.entries(environment)
      .filter(([name]) => !name.endsWith('_FILE'))
      .map(([name, value]) => [name, String(value).replace(/\$\{\w+:-(.*)\}/, '$1')]);
    const { store, http, drainTimeoutMs } = configFrom({ ...Object.fromEntries(others), LLM_API_KEY: 'key' });
    expect(store).toMatchObject({ host: 'mysql', user: services.mysql.environment.MYSQL_USER });
    expect(http.trustProxy).toEqual([services.nginx.networks.default.ipv4_address]);
    expect(drainTimeoutMs).toBeLessThan(Number.parseInt(replicas[0].stop_grace_period, 10) * 1000);
  });

  test('have no rights, are checked, and keep a journal of their own each', () => {
    for (const replica of replicas)
      expect(replica).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        healthcheck: { test: ['CMD', 'node', '-e', expect.stringContaining('/health/ready')] },
        depends_on: { mysql: { condition: 'service_healthy' } },
      });
    const journals = replicas.map((replica) => replica.volumes[0].split(':'));
    expect(new Set(journals.map(([volume]) => volume)).size).toBe(3);
    for (const [volume, path] of journals)
      expect([volumes, path]).toEqual([expect.objectContaining({ [volume]: null }), '/app/data']);
    expect(services.nginx.healthcheck.test).toContain('http://127.0.0.1:8080/health/live');
    expect(services.mysql.healthcheck).toBeDefined();
  });

  test('are all behind nginx, with the rules of the site that has TLS', () => {
    const addresses = replicas.map((replica) => `${replica.networks.default.ipv4_address}:8000`);
    const upstream = [...replicasSite.matchAll(/^ +server (\S+) max_fails/gm)].map(([, address]) => address);
    expect(upstream).toEqual(addresses);
    const rules = (text: string) =>
      text
        .replace(/^#.*$/gm, '')
        .replace(/^ +(server 1|listen|server_name|ssl_certificate).*$/gm, '')
        .replace(/\n+/g, '\n');
    expect(rules(replicasSite)).toBe(rules(site));
  });

  test.skipIf(!hasNginx)('have a site that nginx accepts', () => {
    const { args } = configurationOf(replicasSite);
    const { stderr, status } = spawnSync('nginx', ['-t', ...args], { env: searchPath(), encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, expect.stringContaining('test is successful')]);
  });
});
