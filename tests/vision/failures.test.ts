import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type CallFailure, failureWords } from '../../src/vision/calls/call-failure.ts';
import type { VisionCallReport } from '../../src/vision/calls/call-report.ts';
import { policies } from '../../src/vision/calls/failure-policy.ts';
import { openFailures } from '../../src/vision/calls/failures.ts';

describe('in words', () => {
  test.each<[CallFailure, string]>([
    [
      { class: 'network', code: 'ECONNREFUSED', host: '127.0.0.1:9999' },
      'LLM not reached: ECONNREFUSED 127.0.0.1:9999',
    ],
    [{ class: 'network', code: 'ENOTFOUND', host: 'llm.lan' }, 'LLM not reached: ENOTFOUND llm.lan'],
    [{ class: 'network', code: 'ENOTFOUND' }, 'LLM not reached: ENOTFOUND'],
    [
      { class: 'network', code: 'ECONNRESET', host: 'llm.lan' },
      'LLM broke the connection off: ECONNRESET llm.lan',
    ],
    [{ class: 'timeout', host: 'llm.lan' }, 'LLM did not answer in time: llm.lan'],
    [{ class: 'timeout' }, 'LLM did not answer in time'],
    [
      { class: 'bad_key', status: 401, code: 'invalid_api_key', host: 'llm.lan' },
      'LLM refused the key (401 invalid_api_key)',
    ],
    [{ class: 'bad_key', status: 401 }, 'LLM refused the key (401)'],
    [{ class: 'out_of_credit', status: 400, code: 'Arrearage' }, 'LLM has no credit left (400 Arrearage)'],
    [
      { class: 'bad_answer', status: 200, unusable: 'cut_at_token_limit' },
      'LLM gave no usable answer (200 cut_at_token_limit)',
    ],
    [{ class: 'a_new_class', status: 418 }, 'LLM failed: a new class (418)'],
  ])('%o is “%s”', (failure, words) => {
    expect(failureWords(failure)).toBe(words);
  });

  test('with the name of the provider, where there are several', () => {
    expect(failureWords({ class: 'bad_key', status: 403 }, 'back-up')).toBe(
      'LLM back-up refused the key (403)',
    );
  });

  test('every class that a call can end with has words of its own', () => {
    const own = ['rejected', 'resting', 'queue_full', 'queue_timeout', 'cooling', 'no_key'];
    const neverSent = [...own, 'over_budget', 'budget_unknown', 'refused_before'];
    const said = Object.keys(policies).filter((one) => !neverSent.includes(one));
    const words = said.map((one) => failureWords({ class: one }));
    expect(new Set(words).size).toBe(said.length);
    expect(words.filter((one) => one.includes('_') || one.startsWith('LLM failed: '))).toEqual([]);
  });
});

describe('are remembered and logged', () => {
  beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2026-11-27T12:00:00Z') }));
  afterEach(() => void vi.useRealTimers());

  function open() {
    const logged: (readonly [string, object, string])[] = [];
    const say = (level: string) => (fields: object, text: string) => void logged.push([level, fields, text]);
    const log = { info: say('info'), warn: say('warn'), error: say('error') };
    const failures = openFailures({ log: log as never });
    const call = (outcome: string, more: Partial<VisionCallReport> = {}) =>
      failures.report({
        lane: 'single',
        provider: 'mine',
        account: 'mine',
        key: '12345678',
        model: 'eyes',
        host: 'llm.lan',
        attempt: 1,
        outcome,
        durationMs: 5,
        waitedMs: 0,
        ...more,
      });
    return { logged, failures, call };
  }

  test('the worst one is among the named providers only', () => {
    const { failures, call } = open();
    call('rate_limited', { provider: 'slow' });
    expect(failures.worst()).toMatchObject({ class: 'rate_limited' });
    expect(failures.worst(['mine'])).toBeUndefined();
  });

  test('once a minute a kind, with a count, and as an error where an operator has to act', () => {
    const { logged, call } = open();
    for (let second = 0; second < 61; second += 1) {
      call('network', { code: 'ECONNREFUSED' });
      if (second < 2) call('bad_key', { status: 401, code: 'invalid_api_key', provider: 'other' });
      vi.advanceTimersByTime(1_000);
    }
    const dead = {
      provider: 'mine',
      class: 'network',
      code: 'ECONNREFUSED',
      host: 'llm.lan',
      key: '12345678',
    };
    const locked = {
      provider: 'other',
      class: 'bad_key',
      status: 401,
      code: 'invalid_api_key',
      model: 'eyes',
    };
    expect(logged).toMatchObject([
      ['warn', { ...dead, count: 1 }, 'LLM not reached: ECONNREFUSED llm.lan'],
      ['error', { ...locked, count: 1 }, 'LLM refused the key (401 invalid_api_key)'],
      ['warn', { ...dead, count: 59 }, 'LLM not reached: ECONNREFUSED llm.lan'],
      ['error', { ...locked, count: 1 }, 'LLM refused the key (401 invalid_api_key)'],
    ]);
  });

  test('with the time and number of those in a row, until a call is answered', () => {
    const { failures, call } = open();
    expect(failures.lastOf('mine')).toBeUndefined();
    call('network', { code: 'ECONNREFUSED' });
    vi.advanceTimersByTime(10_000);
    call('bad_key', { status: 401 });
    const last = {
      class: 'bad_key',
      status: 401,
      host: 'llm.lan',
      words: 'LLM refused the key (401)',
      text: expect.objectContaining({ sentence: '{llm} refused the key{answer}' }),
      since: '2026-11-27T12:00:00.000Z',
      at: '2026-11-27T12:00:10.000Z',
      count: 2,
    };
    expect(failures.lastOf('mine')).toEqual(last);
    vi.advanceTimersByTime(10_000);
    call('answered');
    expect(failures.lastOf('mine')).toEqual({ ...last, overAt: '2026-11-27T12:00:20.000Z' });
    call('timeout');
    expect(failures.lastOf('mine')).toMatchObject({ class: 'timeout', count: 1 });
    expect(failures.lastOf('mine')).not.toHaveProperty('overAt');
  });

  test('a provider fails from a call and its repetition on, until it answers or only rejects', () => {
    const { failures, call } = open();
    const states = ['network', 'network', 'refused', 'rate_limited', 'timeout', 'answered', 'network'].map(
      (one) => {
        call(one);
        return failures.isFailing('mine');
      },
    );
    expect(states).toEqual([false, true, true, false, true, false, false]);
    expect(failures.isFailing('other')).toBe(false);
  });

  test('the log says when a key is taken again', () => {
    const { logged, call } = open();
    for (const outcome of ['answered', 'bad_key', 'answered', 'answered']) call(outcome, { status: 401 });
    expect(logged.map(([level, , text]) => [level, text])).toEqual([
      ['error', 'LLM refused the key (401)'],
      ['info', 'LLM answers again'],
    ]);
  });

  test('a photo that is refused is logged, and says nothing about its provider', () => {
    const { logged, failures, call } = open();
    call('refused', { status: 400, code: 'content_filter' });
    expect(logged).toHaveLength(1);
    expect(failures.lastOf('mine')).toBeUndefined();
    expect(failures.worst()).toBeUndefined();
  });

  test('the worst is one that goes on before one that is over, which is forgotten after an hour', () => {
    const { failures, call } = open();
    call('bad_key', { status: 401 });
    vi.advanceTimersByTime(1_000);
    call('timeout', { provider: 'other' });
    call('answered', { provider: 'other' });
    expect(failures.worst()).toMatchObject({ class: 'bad_key' });
    call('answered');
    expect(failures.worst()).toMatchObject({ class: 'timeout', overAt: expect.any(String) });
    vi.advanceTimersByTime(3_600_000);
    expect(failures.worst()).toBeUndefined();
  });
});
