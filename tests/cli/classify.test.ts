import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sampleBytes, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { longTest } from '../support/long-test.ts';
import { runCli, startCli } from './run-cli.ts';

// Each run is a process, or two or three of them, with children of their own.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let fake: FakeLlm;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'album-cli-'));
  fake = await startFakeLlm({ behave: { usage: { inputTokens: 1000, outputTokens: 100 }, ...pets } });
});
afterEach(async () => {
  await fake.close();
  rmSync(folder, { recursive: true });
});

const pets = { content: { category: 'pets', confidence: 0.9 } };
const llm = (more = {}) => ({
  LLM_BASE_URL: fake.baseUrl,
  LLM_MODEL: 'eyes',
  LLM_MAX_CONCURRENCY: '4',
  STRATEGY: 'llm-only',
  COST_PER_API_CALL: '0.5',
  // The photos here differ in invisible bytes.
  NEAR_DUPLICATES: 'off',
  ...more,
});

const photo = (index: number) => Buffer.concat([sampleBytes('bank-card.jpg'), Buffer.from(String(index))]);
const put = (name: string, bytes: Buffer | string) => {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, bytes);
};

/** `count` photos, of which every tenth is the same as its predecessor and every twentieth is corrupt. */
function album(count: number) {
  let distinct = 0;
  let corrupt = 0;
  for (let index = 0; index < count; index++) {
    const name = `album/${String(index % 5)}/照片 ${index}.jpg`;
    if (index % 20 === 7) {
      put(name, sampleBytes('flower.jpg').subarray(0, 20_000 + index));
      corrupt += 1;
    } else if (index % 10 === 5) put(name, photo(index - 1));
    else {
      put(name, photo(index));
      distinct += 1;
    }
  }
  return { distinct, corrupt };
}

describe('classify', () => {
  test('accounts for all, pays for doubles once and for nothing twice, whatever the LLM fails', async () => {
    const { distinct, corrupt } = album(60);
    let answered = 0;
    fake.behave(({ index }) => {
      if (index % 20 === 3) return { status: 500, body: {} };
      answered += 1;
      return pets;
    });
    const first = await runCli(folder, ['classify', 'album'], llm());
    expect(first.code).toBe(1);
    expect(first.rows).toHaveLength(60);
    expect(first.summary).toMatchObject({
      total: 60,
      succeeded: 60 - corrupt,
      failed: corrupt,
      by_llm: answered,
      duplicates: 60 - corrupt - distinct,
      reasons: { truncated_image: corrupt },
      spent: answered * 0.5,
      saved: (60 - corrupt - distinct) * 0.5,
    });
    expect(answered).toBe(distinct);
    const calls = fake.requestCount;
    const second = await runCli(folder, ['classify', 'album'], llm());
    expect(second.summary).toMatchObject({ succeeded: 60 - corrupt, by_llm: 0, spent: 0 });
    expect(second.summary.saved).toBe((60 - corrupt) * 0.5);
    const third = await runCli(folder, ['classify', 'album', '--no-journal'], llm());
    expect(third.summary).toMatchObject({ from_cache: 60 - corrupt, done_earlier: 0, by_llm: 0 });
    expect(fake.requestCount).toBe(calls);
  });

  test('asks once about a photo and its copies in the same folder', async () => {
    const cat = sampleBytes('cat.jpg');
    put('album/cat.jpg', cat);
    for (const width of [250, 300]) {
      const copy = await sharp(cat).resize(width).jpeg({ quality: 60 }).toBuffer();
      put(`album/copy of ${width} px.jpg`, copy);
    }
    put('album/coffee.jpg', sampleBytes('coffee.jpg'));
    const { rows, summary } = await runCli(folder, ['classify', 'album'], llm({ NEAR_DUPLICATES: 'on' }));
    expect(rows).toHaveLength(4);
    expect(summary).toMatchObject({ succeeded: 4, by_llm: 2, spent: 1, saved: 1 });
    expect(fake.calls).toHaveLength(2);
  });

  test('Ctrl-C lets what is in flight finish, and the next run does the rest', async () => {
    const { distinct, corrupt } = album(60);
    const release = fake.hold();
    const { child, done } = startCli(folder, ['classify', 'album'], llm());
    await fake.received(4);
    child.kill('SIGINT');
    child.stderr?.once('data', () => {
      // npm passes on the signal that the terminal has sent already.
      child.kill('SIGINT');
      release();
    });
    const first = await done;
    expect(first.code).toBe(130);
    expect(first.err).toMatch(/^ {2}node .*src\/cli\.ts classify album$/m);
    expect(first.summary.unfinished).toBeGreaterThan(20);
    const second = await runCli(folder, ['classify', 'album'], llm());
    expect(second.code).toBe(1);
    expect(second.summary).toMatchObject({ total: 60, succeeded: 60 - corrupt, unfinished: 0 });
    expect(fake.calls).toHaveLength(distinct);
  });

  longTest('a killed run is taken up where it was', async () => {
    const { distinct } = album(40);
    const { child, done } = startCli(folder, ['classify', 'album'], llm());
    const half = Math.ceil(distinct / 2);
    await fake.received(half);
    child.kill('SIGKILL');
    await done;
    await fake.idle();
    await runCli(folder, ['classify', 'album'], llm());
    // What was in flight when it died, at most.
    expect(fake.calls.length - distinct).toBeLessThanOrEqual(6);
  });

  test('through a server does the same', async () => {
    const { distinct, corrupt } = album(50);
    const app = await startApp(llm());
    try {
      const first = await runCli(folder, ['classify', 'album', '--server', app.url]);
      expect(first.summary).toMatchObject({
        total: 50,
        succeeded: 50 - corrupt,
        failed: corrupt,
        by_llm: distinct,
      });
      const again = ['classify', 'album', '--server', app.url, '--no-journal'];
      const second = await runCli(folder, again);
      expect(second.summary).toMatchObject({ from_cache: 50 - corrupt, by_llm: 0 });
      expect(fake.calls).toHaveLength(distinct);
    } finally {
      await app.close();
    }
  });

  test('gives a server the API key of its environment', async () => {
    put('album/cat.jpg', photo(1));
    const app = await startApp({ API_KEYS: 'required' });
    const args = ['classify', 'album', '--server', app.url, '--no-journal'];
    const [id, secret] = ['0123456789ab', 'S'.repeat(32)];
    const secretSha256 = createHash('sha256').update(secret).digest('hex');
    try {
      await app.services.apiKeys.save({ id, name: 'desktop', secretSha256, createdAt: 1 });
      expect(await runCli(folder, args)).toMatchObject({ code: 1, summary: { failed: 1 } });
      const known = await runCli(folder, args, { ALBUM_API_KEY: `ack_${id}_${secret}` });
      expect(known).toMatchObject({ code: 0, summary: { succeeded: 1 } });
      const wrong = await runCli(folder, args, { ALBUM_API_KEY: secret });
      expect(wrong).toMatchObject({ code: 2, err: expect.not.stringContaining(secret) });
    } finally {
      await app.close();
    }
  });

  test.runIf(existsSync('/dev/full'))('says that its results can’t be written', async () => {
    put('album/cat.jpg', photo(1));
    const child = spawn(process.execPath, [resolve('src/cli.ts'), 'classify', 'album'], {
      cwd: folder,
      env: { PATH: process.env.PATH, INFERENCE_PROCESSES: '1', ...llm() },
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    });
    let err = '';
    child.stderr?.on('data', (text) => {
      err += text;
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(1);
    expect(err).toMatch(/^The results can't be written: ENOSPC\.$/m);
  });

  test('has no more calls at once than it is told', async () => {
    for (let index = 0; index < 12; index++) put(`album/${index}.jpg`, photo(index));
    const release = fake.hold();
    const { done } = startCli(folder, ['classify', 'album', '--max-concurrent', '3'], llm());
    await fake.received(3);
    release();
    expect((await done).summary).toMatchObject({ by_llm: 12 });
    expect(fake.maxConcurrent).toBe(3);
  });

  test('reads a configuration file and says what it ignores', async () => {
    put('album/a.jpg', photo(1));
    put(
      'config.json',
      '{"max_concurrent":3,"max_retries":0,"timeout":5,"max_wait_time":60,"poll_interval":2}',
    );
    fake.behave({ status: 500, body: {} });
    const args = ['classify', 'album', '--config', 'config.json'];
    const { code, err, summary } = await runCli(folder, args, llm());
    expect(code).toBe(1);
    expect(err).toContain('poll_interval is ignored');
    expect(summary).toMatchObject({ failed: 1, reasons: { no_classifier: 1 } });
    expect(fake.calls).toHaveLength(1);
  });

  test('sorts into folders by category, only when it is told to', async () => {
    put('album/a.jpg', photo(1));
    put('album/x.jpg', 'words');
    const args = ['classify', 'album', '--move', 'album/sorted'];
    const dry = await runCli(folder, args, llm());
    expect(dry.err).toContain('would move album/a.jpg → album/sorted/pets/a.jpg');
    const applied = await runCli(folder, [...args, '--apply'], llm());
    expect(applied.err).toContain('1 moved');
    expect(readdirSync(join(folder, 'album')).sort()).toEqual(['sorted', 'x.jpg']);
    expect(readFileSync(join(folder, 'album/sorted/pets/a.jpg'))).toEqual(photo(1));
  });

  test('writes tables, CSV and JSON', async () => {
    fake.behave({ content: { ...pets.content, tags: ['猫', 'sofa'] } });
    put('album/a,"b".jpg', photo(1));
    put('album/x.jpg', 'words');
    const table = await runCli(folder, ['classify', 'album', '--table'], llm({ LLM_TAGS: '3' }));
    expect(table.out).toMatch(
      /^FILE +CATEGORY.* TAGS\nalbum\/a,"b"\.jpg +pets +0\.90 +llm +猫, sofa\nalbum\/x\.jpg +failed/,
    );
    const csv = await runCli(folder, ['classify', 'album', '--csv'], llm());
    expect(csv.out).toContain(
      '"album/a,""b"".jpg",pets,0.9,宠物萌照：照片的主角是宠物或其他动物。,绿色,cache,eyes,false,',
    );
    const json = JSON.parse((await runCli(folder, ['classify', 'album', '--json'], llm())).out);
    expect(json.photos).toHaveLength(2);
    expect(json.photos[0].tags).toEqual(['猫', 'sofa']);
    expect(json.summary).toMatchObject({ total: 2, succeeded: 1, failed: 1, tags: { 猫: 1, sofa: 1 } });
    expect(table.err).toMatch(/^ +tags +猫 1, sofa 1$/m);
    expect(csv.out).toMatch(/,"猫, sofa"\r\n/);
  });

  test('a formula in a name is text to a spreadsheet', async () => {
    put('=cmd()/+1.jpg', photo(1));
    const { out } = await runCli(folder, ['classify', '=cmd()', '--csv'], llm());
    expect(out).toContain("\n'=cmd()/+1.jpg,pets,");
  });

  test('ends quietly when its reader is gone', async () => {
    for (let index = 0; index < 12; index++) put(`album/${index}.jpg`, photo(index));
    const { child, done } = startCli(folder, ['classify', 'album', '-c', '1'], llm());
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await done).toMatchObject({ code: 0, err: '' });
  });

  test('shows what it would classify, and what it leaves out', async () => {
    put('album/cat.jpg', photo(1));
    put('album/clip.mov', 'a video');
    const dry = await runCli(folder, ['classify', 'album', '--dry-run'], llm());
    expect(dry).toMatchObject({ code: 0, out: 'album/cat.jpg\n' });
    expect(dry.err).toMatch(/^1 photo, 0\.\d MB; left out: 1 video\n$/);
    expect(fake.calls).toHaveLength(0);
    const quiet = await runCli(folder, ['classify', 'album', '--quiet'], llm());
    expect(quiet).toMatchObject({ code: 0, err: '' });
  });

  test('sums up in the language of the user', async () => {
    put('album/cat.jpg', photo(1));
    put('album/x.jpg', 'words');
    const english = await runCli(folder, ['classify', 'album'], llm({ LANG: 'en_US.UTF-8' }));
    expect(english.err).toMatch(/^1\/2 classified, 1\/2 failed, in /m);
    expect(english.err).toMatch(/^ {2}pets +1$/m);
    const args = ['classify', 'album', '--table', '--move', 'sorted', '--apply'];
    const chinese = await runCli(folder, args, llm({ LANG: 'zh_CN.UTF-8' }));
    expect(chinese.err).toMatch(/^成功 1\/2, 失败 1\/2, /m);
    expect(chinese.err).toMatch(/^已移动 album\/cat\.jpg → sorted\/pets\/cat\.jpg$/m);
    expect(chinese.out).toMatch(/^文件 +类别 +置信度 +来源$/m);
    expect(chinese.out).toMatch(/失败 +此文件是文本/);
    expect((chinese.out + chinese.err).match(/[a-z]{2,} [a-z]{2,}/gi)).toEqual(['ts undo']);
    const wrong = await runCli(folder, ['classify', 'album', '--lang', 'zh', '--aply'], {});
    expect([wrong.code, wrong.err]).toEqual([
      2,
      expect.stringMatching(/^没有选项 --aply。您是指 --apply 吗？\n/),
    ]);
  });

  test('leaves photos where they are whose category is not sure enough', async () => {
    put('album/cat.jpg', photo(1));
    const args = ['classify', 'album', '--move', 'sorted', '--apply', '--min-confidence', '0.95'];
    const { code, err } = await runCli(folder, args, llm());
    expect(code).toBe(0);
    expect(err).toContain('0 moved, 1 below a confidence of 0.95');
    expect(existsSync(join(folder, 'album/cat.jpg'))).toBe(true);
  });

  test('keeps results and the journal in the folder that --data names', async () => {
    put('album/cat.jpg', photo(1));
    await runCli(folder, ['classify', 'album', '--data', 'kept'], llm());
    expect(readdirSync(join(folder, 'kept'))).toEqual(
      expect.arrayContaining(['album-classifier.db', 'album-journal.ndjson']),
    );
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  test('a store that can’t be opened is one sentence', async () => {
    put('file', 'no folder');
    const { code, err } = await runCli(folder, ['versions'], { SQLITE_FILE: 'file/album.db' });
    expect(code).toBe(2);
    expect(err).toMatch(/^The store can't be opened \(SQLite, file\/album\.db\): .+\n/);
  });

  longTest('classifies a photo of 50 megapixels and 30 MB', async () => {
    const create = { width: 8160, height: 6120, channels: 3, background: '#5a781e' } as const;
    const jpeg = await sharp({ create }).jpeg({ quality: 50 }).toBuffer();
    put('album/camera.jpg', Buffer.concat([jpeg, Buffer.alloc(30_000_000 - jpeg.length)]));
    const { code, summary } = await runCli(folder, ['classify', 'album'], llm());
    expect([code, summary]).toEqual([0, expect.objectContaining({ succeeded: 1 })]);
  });

  longTest('a photo that is too large names the setting', async () => {
    put('album/large.jpg', Buffer.concat([photo(1), Buffer.alloc(1_000_000)]));
    const { rows } = await runCli(folder, ['classify', 'album'], llm({ MAX_IMAGE_SIZE_MB: '1' }));
    expect(rows[0].error).toContain('MAX_IMAGE_SIZE_MB');
    put('album/wide.jpg', await sharp(sampleBytes('cat.jpg')).resize(1400, 1400).jpeg().toBuffer());
    const wide = await runCli(folder, ['classify', 'album/wide.jpg'], llm({ MAX_MEGAPIXELS: '1' }));
    expect(wide.rows[0].error).toContain('MAX_MEGAPIXELS=1 sets this limit.');
    put('album/wide.png', await sharp(sampleBytes('cat.jpg')).resize(1400, 1400).png().toBuffer());
    const png = await runCli(folder, ['classify', 'album/wide.png'], llm({ MEGAPIXEL_LIMITS: 'png:1' }));
    expect(png.rows[0].error).toContain('MEGAPIXEL_LIMITS=png:1 sets this limit.');
  });

  test('wrong usage is exit code 2', async () => {
    const { code, err } = await runCli(folder, ['classify', 'nowhere']);
    expect([code, err]).toEqual([2, expect.stringContaining('nowhere does not exist')]);
  });

  test('an unreachable server fails the album soon, and the summary gives the reason', async () => {
    put('album/a.jpg', photo(1));
    const args = ['classify', 'album', '--server', 'http://127.0.0.1:9', '--max-retries', '0'];
    const { code, err } = await runCli(folder, args);
    expect(code).toBe(1);
    expect(err).toContain('1 unreachable: ');
  });
});
