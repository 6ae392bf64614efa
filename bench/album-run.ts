/**
 * A folder of generated photos with duplicates and corrupt files, and an LLM that takes half a second and fails one
 * call in twenty. Checks that every file is accounted for and paid once, and that a run resumes after Ctrl-C. `npm run bench bench/album-run.ts [photos]`
 */
import { join } from 'node:path';
import { startFakeLlm } from '../tests/support/fake-llm.ts';
import { freshFolder, runClassify, type Summary, writeAlbum } from './album-photos.ts';

const photos = Number(process.argv[2] ?? 2000);
const folder = freshFolder();
const album = await writeAlbum(join(folder.path, 'album'), photos);
console.log(`${photos} files: ${JSON.stringify(album)}`);

for (const isInterrupted of [false, true]) {
  let answered = 0;
  const llm = await startFakeLlm({
    behave({ index }) {
      if (index % 20 === 10) return { status: 500, body: {}, latencyMs: 500 };
      answered += 1;
      return { content: { category: 'pets', confidence: 0.9 }, latencyMs: 500 };
    },
  });
  const environment = {
    LLM_BASE_URL: llm.baseUrl,
    LLM_MODEL: 'fake',
    NEAR_DUPLICATES: 'off',
    COST_PER_API_CALL: '0.002',
    SQLITE_FILE: `${folder.path}/${isInterrupted}.db`,
  };
  const args = ['album', '--journal', `${folder.path}/${isInterrupted}.ndjson`];
  const classify = () => runClassify(folder.path, args, environment);
  const tell = (name: string, { code, summary }: { code: number; summary: Summary }) =>
    console.log(
      `${name}: exit ${code}, LLM answered ${answered} of ${llm.calls.length} calls\n  ${JSON.stringify(summary)}`,
    );

  if (isInterrupted) {
    const run = classify();
    await llm.received(Math.floor(album.distinct / 2));
    run.child.kill('SIGINT');
    tell('Ctrl-C at the middle', await run.done);
    tell('the rest', await classify().done);
  } else {
    const first = await classify().done;
    tell('first run', first);
    console.log(first.text);
    tell('second run', await classify().done);
    tell('without its journal', await runClassify(folder.path, ['album', '--no-journal'], environment).done);
  }
  const isTrue = answered === album.distinct;
  console.log(isTrue ? 'every photo was paid for exactly once' : `PAID ${answered} FOR ${album.distinct}`);
  await llm.close();
}
folder.remove();
