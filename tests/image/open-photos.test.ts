import { describe, expect, it } from 'vitest';
import { tooManyPixels } from '../../src/image/decode/sharp-errors.ts';
import { openPhotos } from '../../src/image/open-photos.ts';
import type { AnalyseContext, Analysis } from '../../src/image/photo.ts';
import type { Job } from '../../src/image/pool/job.ts';
import { overloaded } from '../../src/image/pool/pool-errors.ts';
import { receivedUpload } from '../../src/image/upload/receive.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { longContext } from '../support/pools.ts';

const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);
const cost = { cpuMs: 30, megabytes: 20 };
const analysis: Analysis = { rendition: Buffer.alloc(0), widthPx: 3, heightPx: 2 };

/** Photos on a pool that answers when the test says so. */
function setUp() {
  const calls: (PromiseWithResolvers<Analysis> & { job: Job; context: AnalyseContext })[] = [];
  const pool = {
    checkRoom() {},
    analyse(job: Job, context: AnalyseContext) {
      const answer = Promise.withResolvers<Analysis>();
      calls.push({ ...answer, job, context });
      context.signal.addEventListener('abort', () => answer.reject(context.signal.reason));
      return answer.promise;
    },
  };
  const inspected: string[] = [];
  const inspector = {
    async inspect(bytes: Buffer) {
      inspected.push(bytes.toString('hex'));
      return { bytes, cost };
    },
  };
  const photos = openPhotos({ pool, inspector, wants: { rendition: true, infer: true } });
  const released: string[] = [];
  const upload = (name: string, sha256 = 'a'.repeat(64), bytes = jpeg) =>
    receivedUpload(bytes, sha256, () => released.push(name));
  return { photos, calls, inspected, released, upload };
}

/** The inspection is through, and whatever follows from it. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('photos in hand', () => {
  it('tells what it holds, and asks the pool for what is wanted', async () => {
    const { photos, calls, upload } = setUp();
    const photo = photos.open(upload('one'));
    expect(photo).toMatchObject({ sha256: 'a'.repeat(64), sizeBytes: jpeg.length, format: 'jpeg' });
    void photo.analyse(longContext());
    await settled();
    expect(calls[0]?.job).toMatchObject({
      bytes: jpeg,
      format: 'jpeg',
      wants: { rendition: true, infer: true },
    });
  });

  it('looks at its header before it waits for anything, and says to the pool who asks', async () => {
    const { photos, calls, inspected, upload } = setUp();
    const context = { ...longContext(), lane: 'batch', caller: 'anna' } as const;
    void photos.open(upload('one')).analyse(context);
    expect(inspected).toEqual([jpeg.toString('hex')]);
    await settled();
    expect(calls[0]?.context).toMatchObject({ lane: 'batch', caller: 'anna' });
  });

  it('gives the bytes back and refuses where they are no photo', () => {
    const { photos, released, upload } = setUp();
    expect(() => photos.open(upload('text', 'b'.repeat(64), Buffer.from('hello')))).toThrow(
      expect.objectContaining({ code: 'unsupported_format' }),
    );
    expect(released).toEqual(['text']);
  });

  it('decodes the same bytes once for all who hold them, and drops the second copy at once', async () => {
    const { photos, calls, released, upload } = setUp();
    const [one, two] = [photos.open(upload('one')), photos.open(upload('two'))];
    expect(released).toEqual(['two']);
    const answers = [one.analyse(longContext()), two.analyse(longContext()), one.analyse(longContext())];
    await settled();
    expect(calls).toHaveLength(1);
    calls[0]?.resolve(analysis);
    expect(await Promise.all(answers)).toEqual([analysis, analysis, analysis]);
    expect(await two.analyse(longContext())).toBe(analysis);
    expect(calls).toHaveLength(1);
  });

  it('drops the bytes as soon as the analysis is there, though the upload is still held', async () => {
    const { photos, calls, released, upload } = setUp();
    const received = upload('one');
    const answer = photos.open(received).analyse(longContext());
    await settled();
    calls[0]?.resolve(analysis);
    await answer;
    expect(released).toEqual(['one']);
    expect(() => received.bytes).toThrow(/released/);
  });

  it('drops the bytes when the last holder closes, once, without an analysis', () => {
    const { photos, released, upload } = setUp();
    const [one, two] = [photos.open(upload('one')), photos.open(upload('two'))];
    one.close();
    one.close();
    expect(released).toEqual(['two']);
    two.close();
    expect(released).toEqual(['two', 'one']);
  });

  it('holds the bytes of a closed photo until the analysis under way is done', async () => {
    const { photos, calls, released, upload } = setUp();
    const photo = photos.open(upload('one'));
    const answer = photo.analyse(longContext());
    await settled();
    photo.close();
    expect(released).toEqual([]);
    calls[0]?.resolve(analysis);
    await answer;
    await settled();
    expect(released).toEqual(['one']);
    const again = photos.open(upload('again'));
    void again.analyse(longContext());
    await settled();
    expect(calls).toHaveLength(2);
  });

  it('lets a caller go at its own deadline or signal while the others go on', async () => {
    const { photos, calls, upload } = setUp();
    const photo = photos.open(upload('one'));
    let nowMs = 0;
    const hasty = photo.analyse({ ...longContext(), deadline: deadlineIn(5, () => nowMs) });
    const controller = new AbortController();
    const leaving = photo.analyse(longContext(controller.signal));
    const staying = photo.analyse(longContext());
    await settled();
    expect(calls[0]?.context.deadline.leftMs()).toBeGreaterThan(1000);
    nowMs = 5;
    controller.abort(new Error('gone'));
    const [late, gone] = await Promise.allSettled([hasty, leaving]);
    expect(late).toMatchObject({ reason: { code: 'deadline_passed' } });
    expect(gone).toMatchObject({ reason: { message: 'gone' } });
    expect(calls[0]?.context.signal.aborted).toBe(false);
    calls[0]?.resolve(analysis);
    expect(await staying).toBe(analysis);
  });

  it('gives the work up when the last caller is gone, and begins anew for the next', async () => {
    const { photos, calls, released, upload } = setUp();
    const photo = photos.open(upload('one'));
    const controller = new AbortController();
    const leaving = photo.analyse(longContext(controller.signal));
    await settled();
    controller.abort();
    await expect(leaving).rejects.toThrow();
    expect(calls[0]?.context.signal.aborted).toBe(true);
    const next = photo.analyse(longContext());
    await settled();
    expect(calls).toHaveLength(2);
    await settled();
    expect(released).toEqual([]);
    calls[1]?.resolve(analysis);
    expect(await next).toBe(analysis);
  });

  it('remembers what is wrong with a photo as long as it is held', async () => {
    const { photos, calls, released, upload } = setUp();
    const photo = photos.open(upload('one'));
    const answer = photo.analyse(longContext());
    await settled();
    calls[0]?.reject(tooManyPixels());
    await expect(answer).rejects.toThrow('more pixels');
    await expect(photos.open(upload('two')).analyse(longContext())).rejects.toThrow('more pixels');
    expect(calls).toHaveLength(1);
    expect(released).toEqual(['one', 'two']);
  });

  it('tries again after a failure that is not the photo’s', async () => {
    const { photos, calls, released, upload } = setUp();
    const photo = photos.open(upload('one'));
    const answer = photo.analyse(longContext());
    await settled();
    calls[0]?.reject(overloaded(1000));
    await expect(answer).rejects.toThrow('waiting to be decoded');
    expect(released).toEqual([]);
    const next = photos.open(upload('two')).analyse(longContext());
    await settled();
    calls[1]?.resolve(analysis);
    expect(await next).toBe(analysis);
  });

  it('runs the network on the rendition only on request', async () => {
    const { photos, calls, released, upload } = setUp();
    const photo = photos.open(upload('one'));
    const analysed = photo.analyse(longContext());
    await settled();
    const rendition = Buffer.from('rendition');
    calls[0]?.resolve({ ...analysis, rendition });
    await analysed;
    expect(released).toEqual(['one']);
    expect(calls).toHaveLength(1);
    const wanted = photo.probabilities(longContext());
    const controller = new AbortController();
    const leaving = photo.probabilities(longContext(controller.signal));
    await settled();
    expect(calls[1]?.job).toMatchObject({ kind: 'inference', bytes: rendition, wants: { infer: true } });
    controller.abort(new Error('gone'));
    await expect(leaving).rejects.toThrow('gone');
    calls[1]?.resolve({ ...analysis, probabilities: [0.4, 0.6] });
    expect(await wanted).toEqual([0.4, 0.6]);
    expect(await photo.probabilities(longContext())).toEqual([0.4, 0.6]);
    expect(calls).toHaveLength(2);
  });

  it('gives up inference that all have left, and begins it anew for the next', async () => {
    const { photos, calls, upload } = setUp();
    const photo = photos.open(upload('one'));
    const controller = new AbortController();
    const left = photo.probabilities(longContext(controller.signal));
    await settled();
    calls[0]?.resolve({ ...analysis, rendition: Buffer.from('rendition') });
    await settled();
    controller.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect(calls[1]?.context.signal.aborted).toBe(true);
    const next = photo.probabilities(longContext());
    await settled();
    calls[2]?.resolve({ ...analysis, probabilities: [1] });
    expect(await next).toEqual([1]);
  });
});
