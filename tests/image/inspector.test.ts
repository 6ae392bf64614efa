import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Inspector, openInspector } from '../../src/image/inspect/inspector.ts';
import { defaultPixelLimits } from '../../src/image/inspect/limits.ts';
import { gif, jpegWithSegments } from '../support/hostile-files.ts';

const options = { limits: defaultPixelLimits, thumbnailPx: 256 };
const cat = () => Buffer.from(readFileSync('docs/samples/cat.jpg'));
/** In memory of its own, as an upload is. */
const apart = (bytes: Buffer) => Buffer.from(new Uint8Array(bytes).buffer);

describe('the thread that checks headers', () => {
  let inspector: Inspector;
  beforeAll(() => {
    inspector = openInspector(options);
  });
  afterAll(() => inspector.close());

  it('gives the bytes back as they were, without a copy, and what they cost', async () => {
    const lent = apart(cat());
    const inspecting = inspector.inspect(lent, 'jpeg');
    expect(lent.length).toBe(0);
    const { bytes, cost } = await inspecting;
    expect(bytes.equals(cat())).toBe(true);
    expect(cost.cpuMs).toBeGreaterThan(0);
  });

  it('leaves other Buffers in the same memory alone', async () => {
    const memory = Buffer.concat([Buffer.from('other'), cat()]);
    await inspector.inspect(memory.subarray(5), 'jpeg');
    expect(memory.toString('latin1', 0, 5)).toBe('other');
  });

  it('passes on what is wrong with a photo, and takes the next', async () => {
    const crowded = await jpegWithSegments(5000, 2);
    const good = inspector.inspect(cat(), 'jpeg');
    const refusals = await Promise.allSettled([
      inspector.inspect(gif(8, 8, 6000), 'gif'),
      inspector.inspect(crowded, 'jpeg'),
      inspector.inspect(Buffer.from([0xff, 0xd8, 0xff]), 'jpeg'),
    ]);
    expect(refusals).toMatchObject([
      { reason: { status: 422, code: 'refused_image' } },
      { reason: { status: 422, code: 'refused_image' } },
      { reason: { status: 422, code: 'truncated_image' } },
    ]);
    expect((await good).bytes.length).toBe(cat().length);
  });

  it('refuses what it was asked after it was closed', async () => {
    const closed = openInspector(options);
    await closed.close();
    await expect(closed.inspect(cat(), 'jpeg')).rejects.toMatchObject({ status: 422 });
  });

  it('is replaced when a photo ends it, and loses no other', async () => {
    // No such format: the one way to a mistake of ours that is known.
    const lost = inspector.inspect(cat(), 'none' as 'jpeg');
    const next = inspector.inspect(cat(), 'jpeg');
    await expect(lost).rejects.toMatchObject({ code: 'refused_image' });
    expect((await next).bytes.equals(cat())).toBe(true);
  });
});

it('compiles its modules once where Node.js is told to keep them', () => {
  const modulesKept = (use: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'album-modules-'));
    const script = `import { openInspector } from './src/image/inspect/inspector.ts'; const bytes = Buffer.alloc(9); ${use}`;
    spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      env: { NODE_COMPILE_CACHE: folder },
    });
    const count = readdirSync(folder, { recursive: true }).length;
    rmSync(folder, { recursive: true });
    return count;
  };
  const opened = `const inspector = openInspector(${JSON.stringify(options)});`;
  const used = `${opened} await inspector.inspect(bytes, 'jpeg').catch(() => {}); await inspector.close();`;
  expect(modulesKept(used)).toBeGreaterThan(modulesKept(''));
});
