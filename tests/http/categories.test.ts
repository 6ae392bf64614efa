import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readTaxonomy } from '../../src/classify/taxonomy.ts';
import { formOf, get, post, type Sample, sampleBytes, startApp } from '../support/app.ts';

const colours = ['红色', '橙色', '黄色', '绿色', '蓝色', '紫色', '粉色', '灰色', '黑色', '白色'];

describe('GET /api/v1/categories', () => {
  let app: Awaited<ReturnType<typeof startApp>>;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  test('names every category and colour in both languages', async () => {
    const { status, body } = await get(`${app.url}/api/v1/categories`);
    expect(status).toBe(200);
    const { categories, version } = readTaxonomy();
    expect(body.version).toBe(version);
    expect(body.categories).toEqual(
      categories.map(({ key, zh, en, definition, v1 }) => ({ key, zh, en, definition, ...(v1 && { v1 }) })),
    );
    expect(body.colours.map(({ zh }: { zh: string }) => zh).sort()).toEqual([...colours].sort());
    expect(body.colours).toContainEqual({ zh: '灰色', en: 'Grey' });
  });

  test('the OpenAPI page shows an example of it', async () => {
    const { body } = await get(`${app.url}/openapi.json`);
    const { example } = body.paths['/api/v1/categories'].get.responses[200].content['application/json'];
    expect(example.categories[0]).toMatchObject({ key: 'foods', zh: '美食记录' });
  });
});

describe('the description of an answer by the local model', () => {
  let app: Awaited<ReturnType<typeof startApp>>;
  afterEach(() => app.close());

  const described = async (name: Sample) => {
    const v1 = await post(
      `${app.url}/api/v1/classify`,
      formOf([{ name: 'image', value: sampleBytes(name) }]),
    );
    const items = [{ index: 0, image_uri: '' }];
    const v2 = await post(
      `${app.url}/api/v2/classify/batch`,
      formOf([
        { name: 'image_metadata', value: JSON.stringify({ items }) },
        { name: 'images', value: sampleBytes(name) },
      ]),
    );
    return [v1.body.data, v2.body.results[0]].map(({ description }) => description);
  };

  test('names the category and says what it is, in the language configured', async () => {
    app = await startApp({ DESCRIPTION_LANGUAGE: 'en' });
    const words = 'Food: The photo shows food or drink.';
    expect(await described('coffee.jpg')).toEqual([words, words]);
  });

  test('is left out where none is', async () => {
    app = await startApp({ DESCRIPTION_LANGUAGE: 'none' });
    expect(await described('coffee.jpg')).toEqual([undefined, undefined]);
  });
});
