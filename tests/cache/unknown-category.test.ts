import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { formOf, post, sampleBytes, startApp } from '../support/app.ts';
import { startFakeLlm } from '../support/fake-llm.ts';

test.each(['llm-only', 'llm-first'])(
  'an unknown category of an LLM never reaches the store (%s)',
  async (strategy) => {
    const folder = mkdtempSync(join(tmpdir(), 'album-category-'));
    const file = join(folder, 'album.db');
    const llm = await startFakeLlm({ behave: { content: { category: 'cars', confidence: 0.9 } } });
    const app = await startApp({
      SQLITE_FILE: file,
      LLM_BASE_URL: llm.baseUrl,
      LLM_MODEL: 'eyes',
      STRATEGY: strategy,
    });
    onTestFinished(async () => {
      await llm.close();
      rmSync(folder, { recursive: true });
    });
    const form = formOf([{ name: 'image', value: sampleBytes('cat.jpg') }]);
    const { body } = await post(`${app.url}/api/v1/classify`, form, { 'x-user-id': 'anna' });
    await app.close();
    expect(llm.calls.length).toBeGreaterThan(0);
    expect(JSON.stringify(body)).not.toContain('cars');
    const database = new DatabaseSync(file, { readOnly: true });
    const stored = database
      .prepare("SELECT category FROM results WHERE method = 'llm' OR category = 'cars'")
      .all();
    const counted = database.prepare("SELECT name FROM tallies WHERE name = 'cars'").all();
    database.close();
    expect([stored, counted]).toEqual([[], []]);
  },
);
