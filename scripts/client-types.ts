/** Writes `src/client/api.ts` from the routes' own OpenAPI document: `npm run client-types`. */
import { writeFileSync } from 'node:fs';
import { clientTypes, openApiDocument } from './openapi-types.ts';

const file = new URL('../src/client/api.ts', import.meta.url);
writeFileSync(file, clientTypes(await openApiDocument()));
