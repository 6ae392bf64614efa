/** The client of gateway.ts. Its own cost is negligible beside the target's. */
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

/** Uses keep-alive connections, like gateways. */
const agent = new Agent({ keepAlive: true });

export function load(target: Address, body: Body, rate: number, seconds: number): Promise<Answers> {
  return evenly(
    rate,
    seconds,
    () => body.unique(),
    (middle) => send(target, body, middle),
  );
}

/** Makes calls at an even rate, whatever their results. @param make prepares a call before its time counts */
export async function evenly<T>(
  rate: number,
  seconds: number,
  make: () => T,
  call: (made: T) => Promise<void>,
): Promise<Answers> {
  const pending: Promise<void>[] = [];
  const took: number[] = [];
  let failed = 0;
  const startedMs = performance.now();
  for (let index = 0; index < rate * seconds; index++) {
    await sleep(Math.max(0, startedMs + (index * 1_000) / rate - performance.now()));
    const made = make();
    const calledMs = performance.now();
    const answered = call(made).then(
      () => void took.push(performance.now() - calledMs),
      (error: Error) => {
        if (failed++ === 0) console.error(error.message);
      },
    );
    pending.push(answered);
  }
  await Promise.all(pending);
  return { took: took.sort((a, b) => a - b), failed };
}

async function send({ url, headers }: Address, { head, tail }: Body, middle: Buffer): Promise<void> {
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
  if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode} ${text.slice(0, 300)}`);
}
