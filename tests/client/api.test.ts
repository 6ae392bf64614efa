import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { clientTypes, openApiDocument } from '../../scripts/openapi-types.ts';

test('the client’s types are those of the OpenAPI document: npm run client-types', async () => {
  // Formatting is the formatter's.
  const words = (text: string) => text.replace(/[\s|;]+/g, '');
  const committed = readFileSync('src/client/api.ts', 'utf8');
  expect(words(committed)).toBe(words(clientTypes(await openApiDocument())));
});
