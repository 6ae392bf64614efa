/** Writes the table of variables into README.md and .env.example: `node scripts/document-config.ts`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { configTable, envExample } from '../src/config/documentation.ts';

const readme = new URL('../README.md', import.meta.url);
const [start, end] = ['<!-- variables -->', '<!-- /variables -->'];
const text = readFileSync(readme, 'utf8');
const [head, rest] = text.split(start);
const tail = rest?.split(end)[1];
if (head === undefined || tail === undefined) throw new Error(`README.md must have ${start} and ${end}`);
writeFileSync(readme, `${head}${start}\n${configTable()}\n${end}${tail}`);
writeFileSync(new URL('../.env.example', import.meta.url), envExample());
