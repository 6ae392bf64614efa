/** The service as gateway.ts measures it; a child of it. */
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { loadConfig } from '../src/config.ts';
import { letHeapGrow } from '../src/process/heap.ts';
import { buildServer } from '../src/server.ts';
import { openServices } from '../src/services.ts';

letHeapGrow();
const services = openServices(loadConfig('/dev/null'), pino({ level: 'warn' }));
const app = await buildServer(services, {
  version: 'bench',
  trustProxy: false,
  origins: { cors: [], uploads: [] },
  opsRule: { kind: 'loopback' },
});
await services.ready();
await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.({ port: (app.server.address() as AddressInfo).port });
// An orderly end, so that a requested profile is written.
process.on('SIGTERM', () => process.exit(0));
