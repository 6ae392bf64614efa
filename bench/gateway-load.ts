/** The client of gateway.ts: it costs so little that what it measures is the target. */
import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Body } from './gateway-photos.ts';

export interface Address {
  readonly url: string;
  readonly headers: Record<string, string>;
}

export interface Answers {
  /** Milliseconds of each call that was answered, sorted. */
  readonly took: readonly number[];
  readonly failed: number;
}

/** Connections are kept, as gateways keep theirs. */
const agent = new Agent({ keepAlive: true });

/** Sends calls at an even rate, whatever the answers do. */
export async function load(target: Address, body: Body, rate: number, seconds: number): Promise<Answers> {
  const pending: Promise<void>[] = [];
  const took: number[] = [];
  let failed = 0;
  const startedMs = performance.now();
  for (let call = 0; call < rate * seconds; call++) {
    await sleep(Math.max(0, startedMs + (call * 1_000) / rate - performance.now()));
    const sentMs = performance.now();
    const answered = send(target, body).then(
      () => void took.push(performance.now() - sentMs),
      (error: Error) => {
        if (failed++ === 0) console.error(`${target.url}: ${error.message}`);
      },
    );
    pending.push(answered);
  }
  await Promise.all(pending);
  return { took: took.sort((a, b) => a - b), failed };
}

async function send({ url, headers }: Address, { head, unique, tail }: Body): Promise<void> {
  const middle = unique();
  const length = head.length + middle.length + tail.length;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const call = request(url, { method: 'POST', agent, headers: { ...headers, 'content-length': length } });
    call.on('response', resolve).on('error', reject);
    call.write(head);
    call.write(middle);
    call.end(tail);
  });
  let text = '';
  for await (const chunk of response) text += chunk;
  if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${text.slice(0, 300)}`);
}
