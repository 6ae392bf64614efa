import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Value } from 'typebox/value';
import { expect, test } from 'vitest';
import { openApiDocument } from '../../scripts/openapi-types.ts';
import { codesOf } from '../../src/http/routes/openapi-document.ts';

// biome-ignore lint/suspicious/noExplicitAny: a document of any shape
const document = (await openApiDocument()) as any;

interface Operation {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: a document of any shape
  readonly operation: any;
}

const operations: Operation[] = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
);

const named = (wrong: (operation: Operation['operation']) => boolean) =>
  operations.filter(({ operation }) => wrong(operation)).map(({ name }) => name);

test('the document is valid OpenAPI 3.1', async () => {
  expect(await new Validator().validate(structuredClone(document))).toMatchObject({ valid: true });
});

test('every route has an id of its own, a summary and a tag', () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(operations.length);
  expect(named(({ operationId, summary, tags }) => !operationId || !summary || tags?.length !== 1)).toEqual(
    [],
  );
});

test('every parameter says what it means', () => {
  expect(
    operations.flatMap(({ name, operation }) =>
      (operation.parameters ?? [])
        .filter(
          (one: { description?: string; schema: object }) =>
            !one.description && !('description' in one.schema),
        )
        .map((one: { name: string }) => `${name}: ${one.name}`),
    ),
  ).toEqual([]);
});

test('every route for clients names who asks, and the refusals that go with it', () => {
  const forClients = operations.filter(({ name }) => /post .*(classify|feedback)/.test(name));
  expect(forClients.length).toBeGreaterThan(6);
  for (const { name, operation } of forClients) {
    const headers = (operation.parameters ?? []).map((one: { name: string }) => one.name);
    expect([name, headers]).toEqual([name, expect.arrayContaining(['X-User-ID'])]);
    expect([name, operation.security]).toEqual([name, [{}, { apiKey: [] }]]);
    expect([name, Object.keys(operation.responses)]).toEqual([
      name,
      expect.arrayContaining(['401', '429', '503']),
    ]);
    for (const status of ['429', '503'])
      expect(operation.responses[status].headers).toHaveProperty('Retry-After');
    const isUpload = operation.requestBody.content['multipart/form-data'] !== undefined;
    expect([name, '408' in operation.responses]).toEqual([name, isUpload]);
  }
});

test('errors are problems that name their codes, as docs/api.md explains them', () => {
  const wrong = operations.flatMap(({ name, operation }) =>
    Object.entries<{ description: string; content?: object }>(operation.responses)
      .filter(([status, { content = {} }]) => /^[45]/.test(status) && 'application/problem+json' in content)
      .filter(([status, { description }]) => !codesOf[status]?.every((code) => description.includes(code)))
      .map(([status]) => `${name}: ${status}`),
  );
  expect(wrong).toEqual([]);
  const rows = [...readFileSync('docs/api.md', 'utf8').matchAll(/^\| `([a-z_]+)` \| (\d{3})/gm)];
  const explained = rows
    .map(([, code, status]) => `${status} ${code}`)
    .filter((row) => !row.startsWith('499'));
  const named = Object.entries(codesOf).flatMap(([status, codes]) =>
    codes.map((code) => `${status} ${code}`),
  );
  expect(named.sort()).toEqual(explained.sort());
});

test('every example is valid', () => {
  const wrong: unknown[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const schema = value as { examples?: unknown[]; type?: string; anyOf?: unknown };
    if (Array.isArray(schema.examples) && (schema.type !== undefined || schema.anyOf !== undefined))
      for (const example of schema.examples) if (!Value.Check(schema, example)) wrong.push([schema, example]);
    for (const inner of Object.values(value)) walk(inner);
  };
  walk(document);
  expect(wrong).toEqual([]);
});
