/**
 * The service as gateway.ts measures it; a child of it. PASS_THROUGH=1: photos are sent to the LLM byte for byte,
 * neither decoded nor shrunk, as a gateway does it.
 */
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { loadConfig } from '../src/config.ts';
import type { OpenPhotos } from '../src/image/open-photos.ts';
import { buildServer } from '../src/server.ts';
import { openServices } from '../src/services.ts';

const passThrough: OpenPhotos = {
  open({ bytes, sha256, release }) {
    const analysis = { rendition: bytes, widthPx: 0, heightPx: 0 };
    const photo = { sha256, sizeBytes: bytes.length, format: 'jpeg' as const };
    return { ...photo, analyse: async () => analysis, close: release };
  },
};

const services = openServices(loadConfig('/dev/null'), pino({ level: 'warn' }));
const photos = process.env.PASS_THROUGH === '1' ? passThrough : services.photos;
const app = await buildServer(
  { ...services, photos },
  { version: 'bench', trustProxy: false, corsOrigins: [] },
);
await services.ready();
await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.({ port: (app.server.address() as AddressInfo).port });
