import { describe, expect, test } from 'vitest';
import { ArgumentError, argumentsFrom } from '../../src/process/arguments.ts';
import { get } from '../support/app.ts';
import { freePort } from '../support/free-port.ts';
import { longTest } from '../support/long-test.ts';
import { spawnService } from '../support/service-process.ts';

describe('arguments of the start', () => {
  test.each([
    [['--port', '3000'], { APP_PORT: '3000' }],
    [['--port=3000', '--host', '127.0.0.1'], { APP_PORT: '3000', APP_HOST: '127.0.0.1' }],
    [['--', '--port', '1'].slice(1), { APP_PORT: '1' }],
    [['--lang', 'zh', '--port', '1'], { APP_PORT: '1' }],
    [[], {}],
    [['--help'], 'help'],
    [['-h'], 'help'],
    [['--version'], 'version'],
  ])('%j are understood', (args, found) => {
    expect(argumentsFrom(args)).toEqual(found);
  });

  test.each([
    [['--prot', '3000'], 'did you mean --port?'],
    [['--Port', '3000'], 'did you mean --port?'],
    [['--app-port', '3000'], 'did you mean --port?'],
    [['--hots=::'], 'did you mean --host?'],
    [['--workers', '4'], 'set the environment variable WORKERS'],
    [['--llm-apikey=hidden'], 'set the environment variable LLM_API_KEY'],
    [['--nonsense'], 'there are --port, --host, --lang, --help, --version'],
    [['-p', '3000'], 'there are --port'],
    [['3000'], 'npm start -- --port 3000'],
    [['--port'], '--port takes a value, as in --port 3000'],
    [['--port='], '--port takes a value'],
    [['--lang', 'fr'], '--lang must be en or zh'],
  ])('%j are refused, naming what was meant', (args, words) => {
    expect(() => argumentsFrom(args)).toThrow(ArgumentError);
    expect(() => argumentsFrom(args)).toThrow(words);
    expect(() => argumentsFrom(args)).not.toThrow('hidden');
  });

  longTest(
    'win over the environment, in every worker',
    async () => {
      const port = await freePort();
      const service = await spawnService({ WORKERS: '2' }, ['--port', String(port)]);
      await expect
        .poll(() => service.output().match(/Server listening/g)?.length, { timeout: 60_000 })
        .toBe(2);
      expect((await get(`http://127.0.0.1:${port}/health/live`)).status).toBe(200);
    },
    70_000,
  );

  test('that are wrong end the start at once, with one sentence', async () => {
    const { exited, output } = await spawnService({}, ['--prot', '1']);
    expect((await exited)[0]).toBe(2);
    expect(output()).toBe('There is no argument --prot; did you mean --port?\n');
  });

  test('are told in the language of the user, as is what the configuration says', async () => {
    const started = await Promise.all([
      spawnService({ LANG: 'zh_CN.UTF-8' }, ['--prot', '1']),
      spawnService({}, ['--lang=zh', '3000']),
      spawnService({ LANG: 'zh_CN.UTF-8', WORKERS: 'all' }),
    ]);
    const ends = await Promise.all(started.map(async ({ exited, output }) => [(await exited)[0], output()]));
    expect(ends).toEqual([
      [2, '没有参数 --prot；您是指 --port 吗？\n'],
      [2, '启动命令没有参数 "3000"。如需指定端口：npm start -- --port 3000\n'],
      [1, '配置有 1 处问题：\n  - WORKERS 必须是 1 至 64 之间的整数，而不是 "all"\n'],
    ]);
  });
});
