import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FakeRecorded } from './fake-llm-behaviour.ts';

const folder = 'tests/fixtures/vendor-answers';

/** Answers of vendors as they were seen, by the name of their file. */
export function vendorAnswers(kind: 'failover-4xx' | 'moderation-403' | 'llm-replies') {
  const read = (name: string): FakeRecorded['recorded'] =>
    JSON.parse(readFileSync(join(folder, kind, name), 'utf8'));
  return readdirSync(join(folder, kind)).map((name): [string, FakeRecorded] => {
    const recorded = read(name);
    const isNote = typeof recorded.body === 'object' && Object.hasOwn(recorded.body, 'note');
    // Its note says whose body it has.
    return [name, { recorded: isNote ? { ...recorded, body: read('text-plain.json').body } : recorded }];
  });
}

/** A chat completion of one choice. */
export function completion(choice: object, more: object = {}): object {
  const usage = { prompt_tokens: 100, completion_tokens: 20 };
  return { id: 'x', object: 'chat.completion', choices: [{ index: 0, ...choice }], usage, ...more };
}

export function recorded(
  body: object | string,
  { status = 200, headers = {} }: Partial<FakeRecorded['recorded']> = {},
): FakeRecorded {
  return { recorded: { status, headers, body } };
}
