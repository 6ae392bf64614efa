/** The client of table.ts, in a process of its own: raw keep-alive connections, so that it costs next to nothing. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';

export interface Load {
  readonly port: number;
  /** Whole requests, sent in turn. Where one has a second part, 16 fresh random hex digits go between the two. */
  readonly requests: readonly (readonly [head: string, tail?: string])[];
  readonly connections: number;
  readonly seconds: number;
  /** What the body of every answer must contain. */
  readonly expect: string;
}

export interface Measured {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
  readonly firstFailure?: string;
}

process.on('message', async (load: Load) => process.send?.(await run(load)));

async function run({ port, requests, connections, seconds, expect }: Load): Promise<Measured> {
  const prepared = requests.map((parts) => parts.map((part) => Buffer.from(part ?? '', 'latin1')));
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1_000;
  const took: number[] = [];
  let failed = 0;
  let firstFailure: string | undefined;
  let next = 0;

  function connection(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      let received = '';
      let sentMs = 0;
      const send = () => {
        if (performance.now() >= endMs) {
          socket.destroy();
          resolve();
          return;
        }
        const [head, tail] = prepared[next++ % prepared.length] as [Buffer, Buffer?];
        sentMs = performance.now();
        socket.write(tail ? Buffer.concat([head, Buffer.from(randomBytes(8).toString('hex')), tail]) : head);
      };
      socket.setEncoding('latin1');
      socket.on('connect', send).on('error', reject);
      socket.on('data', (chunk: string) => {
        received += chunk;
        const bodyAt = received.indexOf('\r\n\r\n') + 4;
        if (bodyAt === 3) return;
        const length = Number(/content-length: (\d+)/i.exec(received.slice(0, bodyAt))?.[1] ?? 0);
        if (received.length < bodyAt + length) return;
        took.push(performance.now() - sentMs);
        if (!received.startsWith('HTTP/1.1 200') || !received.includes(expect, bodyAt)) {
          failed += 1;
          firstFailure ??= received.slice(0, 15) + received.slice(bodyAt, bodyAt + 200);
        }
        received = '';
        send();
      });
    });
  }

  await Promise.all(Array.from({ length: connections }, connection));
  const elapsedS = (performance.now() - startedMs) / 1_000;
  took.sort((a, b) => a - b);
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(share * took.length))] ?? 0;
  return {
    perSecond: (took.length - failed) / elapsedS,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    failed,
    ...(firstFailure !== undefined && { firstFailure }),
  };
}
