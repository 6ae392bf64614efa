/** Writes docs/configuration.md and .env.example: `node scripts/document-config.ts`. */
import { writeFileSync } from 'node:fs';
import { configReference, envExample } from '../src/config/documentation.ts';

writeFileSync(new URL('../docs/configuration.md', import.meta.url), configReference());
writeFileSync(new URL('../.env.example', import.meta.url), envExample());
