import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { formOf, post, type Reply } from './app.ts';

const sha256Of = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** One picture under bytes of its own for each number: the number is in a comment. */
const picture: Buffer = await sharp('docs/samples/cat.jpg').resize(160).jpeg().toBuffer();

export function numberedPhoto(number: number) {
  const comment = Buffer.from([0xff, 0xfe, 0, 6, 0, 0, 0, 0]);
  comment.writeUInt32BE(number, 4);
  const bytes = Buffer.concat([picture.subarray(0, 2), comment, picture.subarray(2)]);
  return { bytes, sha256: sha256Of(bytes), original: sha256Of(`original of ${number}`) };
}

export type NumberedPhoto = ReturnType<typeof numberedPhoto>;

export interface OutageTraffic {
  /** Photos with a 200. */
  readonly answered: readonly NumberedPhoto[];
  /** Statuses of what else came, `0` for a connection that broke. */
  readonly others: readonly number[];
  /** Sends that many new photos, one every `everyMs`; resolves when all are answered. */
  send(count: number, everyMs: number): Promise<void>;
  /** Sends these photos once more. @returns how many were answered without a model */
  repeat(photos: readonly NumberedPhoto[]): Promise<number>;
  /** How many of these hashes a look-up by the user who sent them finds, each asked by itself. */
  cached(hashes: readonly string[]): Promise<number>;
}

/**
 * @param url of the service at that moment
 * @param retryMs after which a photo without an answer is sent again, as an app does; by default it is not
 */
export function openOutageTraffic(url: () => string, retryMs?: number): OutageTraffic {
  const answered: NumberedPhoto[] = [];
  const others: number[] = [];
  const headers = { 'x-user-id': 'anna', 'x-device-type': 'Android' };
  let next = 0;

  function classify(photo: NumberedPhoto): Promise<Reply> {
    const form = formOf([
      { name: 'image_hash', value: photo.original },
      { name: 'image', value: new Uint8Array(photo.bytes) },
    ]);
    return post(`${url()}/api/v1/classify`, form, headers);
  }

  async function sendOne(photo: NumberedPhoto): Promise<void> {
    const status = await classify(photo).then(
      (reply) => reply.status,
      () => 0,
    );
    if (status === 200) {
      answered.push(photo);
      return;
    }
    others.push(status);
    if (retryMs === undefined) return;
    await sleep(retryMs);
    await sendOne(photo);
  }

  return {
    answered,
    others,
    async send(count, everyMs) {
      const sent: Promise<void>[] = [];
      for (let index = 0; index < count; index += 1) {
        sent.push(sendOne(numberedPhoto(next)));
        next += 1;
        await sleep(everyMs);
      }
      await Promise.all(sent);
    },
    async repeat(photos) {
      const replies = await Promise.all(photos.map(classify));
      return replies.filter(({ body }) => body.from_cache === true).length;
    },
    async cached(hashes) {
      const path = '/api/v1/classify/check-cache';
      const replies = await Promise.all(
        hashes.map((image_hash) => post(`${url()}${path}`, { image_hash }, headers)),
      );
      return replies.filter(({ status, body }) => status === 200 && body.cached === true).length;
    },
  };
}

export type Rows = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** What the database has of the photos that were answered. */
export interface OutageCounts {
  readonly answered: number;
  readonly results: number;
  readonly claims: number;
  /** Records of uploads, of those with an answer, and photos with more than one. */
  readonly records: number;
  readonly doubled: number;
  /** Photos in the sums of a day: those that a model answered. */
  readonly summed: number;
  readonly userPhotos: number;
}

/** What `outageCounts` has where every one of so many photos was kept, and none twice. */
export const allOnce = (count: number) =>
  ({ answered: count, results: count, claims: count, records: count, doubled: 0, summed: count }) as const;

/** @param table that records of photos are in: `photos` on SQLite */
export async function outageCounts(
  rows: Rows,
  answered: readonly NumberedPhoto[],
  table = 'photo_records',
): Promise<OutageCounts> {
  const hexOf = (value: unknown) => Buffer.from(value as Uint8Array).toString('hex');
  const sum = async (sql: string) => Number((await rows(sql))[0]?.n ?? 0);
  const results = new Set((await rows('SELECT sha256 FROM results')).map(({ sha256 }) => hexOf(sha256)));
  const claims = new Map(
    (await rows('SELECT claimed, content FROM album_claims')).map((row) => [
      hexOf(row.claimed),
      hexOf(row.content),
    ]),
  );
  const records = (await rows(`SELECT sha256 FROM ${table} WHERE outcome IN ('llm', 'local')`)).map(
    ({ sha256 }) => hexOf(sha256),
  );
  const recorded = new Set(records);
  return {
    answered: answered.length,
    results: answered.filter(({ sha256 }) => results.has(sha256)).length,
    claims: answered.filter(({ sha256, original }) => claims.get(original) === sha256).length,
    records: answered.filter(({ sha256 }) => recorded.has(sha256)).length,
    doubled: records.length - recorded.size,
    summed: await sum(
      "SELECT SUM(n) AS n FROM tallies WHERE topic = 'upload' AND name IN ('llm', 'local') AND level = 2",
    ),
    userPhotos: await sum('SELECT SUM(photos) AS n FROM day_users'),
  };
}
