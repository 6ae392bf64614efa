import { pino } from 'pino';
import { readTaxonomy } from '../src/classify/taxonomy.ts';
import { buildServer } from '../src/server.ts';
import type { Services } from '../src/services.ts';

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly description?: string;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Operation {
  readonly summary?: string;
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** The OpenAPI document of the service, made without starting it. */
export async function openApiDocument(): Promise<OpenApi> {
  const clientRules = { apiKeys: 'off', perUser: 0, perNetwork: 0 };
  const parts = { log: pino({ level: 'silent' }), taxonomy: readTaxonomy(), limits: {}, clientRules };
  const options = {
    version: '0',
    trustProxy: false,
    origins: { cors: [], uploads: [] },
    opsRule: { kind: 'closed' },
  } as const;
  const app = await buildServer(parts as unknown as Services, options);
  await app.ready();
  const document = app.swagger() as unknown as OpenApi;
  await app.close();
  return document;
}

const head = `/**
 * Written by \`npm run client-types\` from the service's OpenAPI document: don't edit. Each route with what is sent to it
 * as JSON, what it answers with, and, where it streams, a line of that.
 */
export interface Api {
`;

export function clientTypes({ paths }: OpenApi): string {
  const routes = Object.entries(paths)
    .filter(([path]) => path.startsWith('/api/'))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) =>
        routeOf(`${method.toUpperCase()} ${path}`, operation),
      ),
    );
  return `${head}${routes.join('')}}\n`;
}

function routeOf(name: string, { summary, requestBody, responses }: Operation): string {
  const ok = responses['200']?.content ?? {};
  const members = [
    ['body', requestBody?.content?.['application/json']?.schema],
    ['answer', ok['application/json']?.schema],
    ['line', ok['application/x-ndjson']?.schema],
  ] as const;
  const lines = members.flatMap(([key, schema]) =>
    schema ? [`    ${key}: ${typeOf(schema, '    ')};\n`] : [],
  );
  return `${commentOf(summary, '  ')}  '${name}': {\n${lines.join('')}  };\n`;
}

function typeOf(schema: Schema, indent: string): string {
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum) return schema.enum.map(literal).join(' | ');
  if (schema.anyOf) return schema.anyOf.map((one) => typeOf(one, indent)).join(' | ');
  switch (schema.type) {
    case 'string':
      return 'string';
    case 'number':
    case 'integer':
      return 'number';
    case 'boolean':
    case 'null':
      return schema.type;
    case 'array':
      return arrayOf(typeOf(schema.items ?? {}, indent));
    case 'object':
      return objectOf(schema, indent);
    default:
      return 'unknown';
  }
}

function arrayOf(item: string): string {
  return item.includes(' | ') && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
}

function objectOf(
  { properties, required = [], additionalProperties, patternProperties }: Schema,
  indent: string,
) {
  const inner = `${indent}  `;
  const rest = Object.values(patternProperties ?? {})[0] ?? additionalProperties;
  if (!properties) return `Record<string, ${typeof rest === 'object' ? typeOf(rest, indent) : 'unknown'}>`;
  const members = Object.entries(properties).map(([name, schema]) => {
    const mark = required.includes(name) ? '' : '?';
    return `${commentOf(schema.description, inner)}${inner}${name}${mark}: ${typeOf(schema, inner)};\n`;
  });
  return `{\n${members.join('')}${indent}}`;
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}

function commentOf(text: string | undefined, indent: string): string {
  return text === undefined ? '' : `${indent}/** ${text.replaceAll('*/', '* /')} */\n`;
}
