import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readTaxonomy } from '../../src/classify/taxonomy.ts';
import { readReply } from '../../src/vision/wire/reply.ts';
import { VendorError } from '../../src/vision/wire/vendor-error.ts';

const taxonomy = readTaxonomy();
const object = '{"category":"pets","confidence":0.9,"description":"一只猫"}';
const reading = { category: 'pets', confidence: 0.9, description: '一只猫' };

test.each([
  ['alone', object],
  ['in a code fence', `\`\`\`json\n${object}\n\`\`\``],
  ['in a fence without a language', `\`\`\`\n${object}\n\`\`\``],
  ['after prose', `Sure! Here it is: ${object}`],
  ['amid prose', `I looked at {the photo}.\n${object}\nAnything else?`],
  ['spread over lines', JSON.stringify(reading, null, 2)],
])('an object %s is read', (_, text) => {
  expect(readReply(text, taxonomy)).toEqual(reading);
});

test.each([
  [' Pets ', 'pets'],
  ['IDCARD', 'idcard'],
  ['宠物萌照', 'pets'],
  ['travel & scenery', 'travel_scenery'],
])('the category %j means %s', (category, key) => {
  expect(readReply(JSON.stringify({ category, confidence: 1 }), taxonomy).category).toBe(key);
});

test.each([
  ['no object and no key', 'It is a cat.'],
  ['nothing', ''],
  ['a list', '["pets"]'],
  ['an object cut short', '{"category":"pets","confidence":0.9'],
  ['two objects', `${object} or ${object}`],
  ['an unknown category', '{"category":"cars","confidence":0.9}'],
  ['part of a name', '{"category":"pet","confidence":0.9}'],
  ['a name with more words', '{"category":"pets, of course","confidence":0.9}'],
  ['an inherited name', '{"category":"constructor","confidence":0.9}'],
  ['a category that is no text', '{"category":["pets"],"confidence":0.9}'],
  ['no category', '{"confidence":0.9}'],
  ['no confidence', '{"category":"pets"}'],
  ['a confidence in words', '{"category":"pets","confidence":"0.9"}'],
  ['a confidence in percent', '{"category":"pets","confidence":95}'],
  ['a confidence over 1', '{"category":"pets","confidence":1.0001}'],
  ['a confidence of 0', '{"category":"pets","confidence":0}'],
  ['a negative confidence', '{"category":"pets","confidence":-0.5}'],
  ['an endless confidence', '{"category":"pets","confidence":1e999}'],
  ['a confidence of null', '{"category":"pets","confidence":null}'],
  ['a description that is no text', '{"category":"pets","confidence":0.9,"description":{}}'],
  ['a reply of ten thousand characters', `${object}${' '.repeat(10_000)}`],
])('%s is a bad answer', (_, text) => {
  expect(() => readReply(text, taxonomy)).toThrow(expect.objectContaining({ reason: 'bad_answer' }));
});

test.each(['""', '"  "', '"null"', '" NULL "', 'null', '"\\u0000\\n"'])(
  'the description %s is left out',
  (json) => {
    const text = `{"category":"pets","confidence":0.9,"description":${json}}`;
    expect(readReply(text, taxonomy)).not.toHaveProperty('description');
  },
);

test('a description is one line of at most 200 whole characters', () => {
  const describe = (description: string) =>
    readReply(JSON.stringify({ category: 'pets', confidence: 0.9, description }), taxonomy).description;
  expect(describe('a\u0000b\tc\r\nd\u2028e')).toBe('a b c d e');
  expect(describe('safe \u202egpj.exe')).toBe('safe gpj.exe');
  expect(describe('broken \ud83d half')).toBe('broken \ufffd half');
  expect(describe('🐈'.repeat(300))).toBe('🐈'.repeat(200));
});

test('whatever a model says is a valid reading or a bad answer', () => {
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom('pets', 'Food', 0.5, 1, 1.5, '0.5'));
  const reply = fc.record({ category: value, confidence: value, description: value }, { requiredKeys: [] });
  const text = fc.oneof(
    fc.string(),
    fc
      .array(fc.constantFrom('{', '}', '"', '\\', '"category":', '"pets"', ',', '"confidence":0.5'))
      .map((parts) => parts.join('')),
    reply.map((parsed) => JSON.stringify(parsed)),
  );
  fc.assert(
    fc.property(text, (words) => {
      try {
        const { category, confidence, description } = readReply(words, taxonomy);
        expect(taxonomy.has(category)).toBe(true);
        expect(confidence > 0 && confidence <= 1).toBe(true);
        expect(description ?? 'x').toMatch(/^\P{Cc}{1,400}$/u);
      } catch (error) {
        expect(error).toBeInstanceOf(VendorError);
        expect((error as VendorError).summary.unusable).toMatch(/^[a-z_]+$/);
      }
    }),
  );
});

test.each([
  'pets',
  ' pets\n',
  '"pets"',
  'Pets.',
  '**pets**',
  '`pets`',
  '宠物萌照',
  '{"category":"pets","confidence":0.9}',
])('a bare key may be written as %j', (text) => {
  expect(readReply(text, taxonomy).category).toBe('pets');
});

test.each(['a cat', 'pets, foods', '', 'cars'])('%j is no bare key', (text) => {
  expect(() => readReply(text, taxonomy)).toThrow(expect.objectContaining({ reason: 'bad_answer' }));
});
