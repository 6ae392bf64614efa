import { expect, test } from 'vitest';
import { evaluate } from '../../src/eval/evaluation.ts';
import { htmlReport } from '../../src/eval/html-report.ts';
import type { EvaluatedModel, Outcome } from '../../src/eval/outcome.ts';
import { textReport } from '../../src/eval/text-report.ts';
import { sayIn } from '../../src/messages/text.ts';

/** A local model and an LLM that are each wrong, fail, and leave photos out. */
function evaluationOf(count: number, target: number) {
  const photos = Array.from({ length: count }, (_, index) => ({
    ...{ sha256: `p${index}`, file: `${index}.jpg`, category: index % 2 ? 'B' : 'A' },
  }));
  const outcomesOf = (outcomeAt: (index: number) => Outcome | undefined) =>
    new Map(
      photos.flatMap(({ sha256 }, index) => {
        const outcome = outcomeAt(index);
        return outcome ? [[sha256, outcome] as const] : [];
      }),
    );
  const local: EvaluatedModel = {
    ...{ name: '1', kind: 'local', isSure: ({ confidence }) => confidence > 0.5 },
    outcomes: outcomesOf((index) => ({ category: index % 3 ? 'A' : 'B', confidence: 0.6, durationMs: 9 })),
  };
  const llm: EvaluatedModel = {
    ...{ name: '2', kind: 'llm' },
    outcomes: outcomesOf((index) =>
      index === 0
        ? { failure: 'refused' }
        : index === 1
          ? { failure: 'never_sent' }
          : index === 2
            ? undefined
            : { category: index % 2 ? 'B' : 'A', confidence: 0.9, durationMs: 1200, costMicro: 90 },
    ),
  };
  const input = { categories: ['A', 'B', 'C'], photos, currency: '$', models: [local, llm] };
  return evaluate({ ...input, target });
}

/** Units, and names of authors and methods. */
const untranslated =
  /\b(ms|s|p\d+|JSON|LOCAL_SURE|STRATEGY|local|first|album|classifier|Wilson|MOVER|McNemar|Zou|Donner|jpg|local-first|llm-only|llm-first)\b/gi;

test.each([0.5, 0.95, 0.999])('the report is in Chinese throughout, with a target of %d', (target) => {
  const evaluation = evaluationOf(120, target);
  const terminal = textReport(evaluation, sayIn('zh'));
  const page = htmlReport(evaluation, { language: 'zh' })
    .replace(/^[\s\S]*<title>/, '')
    .replaceAll(/<style>[\s\S]*?<\/style>/g, '')
    .replaceAll(/<[^>]*?(?:aria-label="([^"]*)")?[^>]*>/g, ' $1 ');
  for (const words of [terminal, page])
    expect(words.replaceAll(untranslated, '').match(/[a-z]{2,}/gi) ?? []).toEqual([]);
  expect(terminal).toContain('120 张照片');
  expect(textReport(evaluationOf(1, target), sayIn('en'))).toMatch(/^1 photo\. /);
});
