/**
 * Cost of a call to a vision LLM through this service, compared with Portkey's gateway (npm @portkey-ai/gateway,
 * installed into a temporary folder): `npm run bench bench/gateway.ts -- --seconds 15`. The vendor answers every call
 * after 50 ms. "Added" is the time beyond a call straight to the vendor. Portkey receives the JSON body for the vendor.
 * The service receives a multipart form like a phone's, once with the photo passed on unchanged and once reduced to
 * 512 px. "Between miss and answer" is the part that a gateway would do, measured in the process that has the photo.
 * The bare relay reads the same form and only passes the photo on. It is the lower bound for a service that needs the
 * whole photo first.
 */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Load, pictureOf, usdPer1000 } from './gateway-photos.ts';
import { openTargets } from './gateway-targets.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '15' },
    portkey: { type: 'string', default: '1.15.2' },
    /** Parts of the names of targets and bodies to measure. */
    only: { type: 'string', default: '' },
    bodies: { type: 'string', default: '' },
  },
});
const seconds = Number(values.seconds);
const warmUpSeconds = 3;
const loads: readonly Load[] = [
  { kilobytes: 30, rate: 50, widthPx: 512, heightPx: 384 },
  { kilobytes: 400, rate: 50, widthPx: 1_600, heightPx: 1_200 },
  { kilobytes: 1_400, rate: 20, widthPx: 4_000, heightPx: 3_000 },
];

/** User and system time so far, of the process with its threads and without its children. */
function cpuMs(pid: number | undefined): number {
  const status = `/proc/${pid}/stat`;
  if (!existsSync(status)) return 0;
  const fields = readFileSync(status, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function residentMb(pid: number | undefined): number {
  const status = `/proc/${pid}/status`;
  if (!existsSync(status)) return 0;
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1] ?? 0) / 1_000);
}

const at = (sorted: readonly number[], share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
const names = (list: string) => list.split(',');
const isAsked = (name: string, list: string) => names(list).some((part) => name.includes(part));

const open = openTargets();
try {
  const vendor = await open.vendor();
  const all = [
    { name: 'Portkey', start: () => open.portkey(vendor.url, values.portkey) },
    { name: 'bare relay', start: () => open.relay(vendor.url) },
    { name: 'ours', start: () => open.ours('ours', vendor.url, {}, 512) },
  ];
  const targets = [open.straight(vendor.url)];
  for (const { name, start } of all) if (isAsked(name, values.only)) targets.push(await start());

  const table: Record<string, object> = {};
  for (const one of loads.filter(({ kilobytes }) => isAsked(`${kilobytes}`, values.bodies))) {
    const picture = await pictureOf(one);
    let straight: readonly number[] = [];
    for (const target of targets) {
      await target.load(picture, one.rate, warmUpSeconds);
      vendor.process.send('reset');
      await once(vendor.process, 'message');
      const usedBeforeMs = cpuMs(target.process?.pid);
      const { took, failed } = await target.load(picture, one.rate, seconds);
      const usedMs = cpuMs(target.process?.pid) - usedBeforeMs;
      if (target === targets[0]) straight = took;
      vendor.process.send('report');
      const [{ calls, bytes }] = (await once(vendor.process, 'message')) as [
        { calls: number; bytes: number },
      ];
      const scale = Math.min(1, (target.sentPx ?? one.widthPx) / one.widthPx);
      table[`${one.kilobytes} KB, ${one.rate}/s: ${target.name}`] = {
        'p50 ms': at(took, 0.5).toFixed(1),
        'p99 ms': at(took, 0.99).toFixed(1),
        'added p50': (at(took, 0.5) - at(straight, 0.5)).toFixed(1),
        'added p99': (at(took, 0.99) - at(straight, 0.99)).toFixed(1),
        'CPU ms a call': (usedMs / took.length).toFixed(1),
        failed,
        'RSS MB': residentMb(target.process?.pid),
        'KB sent': Math.round(bytes / calls / 1_000),
        'USD per 1000': usdPer1000(one.widthPx * scale, one.heightPx * scale),
      };
    }
  }
  console.table(table);
} finally {
  await open.close();
}
