/** Sends photos repeatedly, each with unique bytes, until it is stopped. A child of hostile.ts. */
import { randomBytes } from 'node:crypto';
import { constants, setPriority } from 'node:os';
import { classify } from './hostile-request.ts';

// Low priority: the sender would run on other machines.
setPriority(constants.priority.PRIORITY_LOW);

process.once('message', ({ url, photos, atOnce }: { url: string; photos: Buffer[]; atOnce: number }) => {
  const statuses: Record<string, number> = {};
  let [next, isOver] = [0, false];
  async function sender(): Promise<void> {
    while (!isOver) {
      const photo = photos[next++ % photos.length] ?? Buffer.alloc(0);
      const { status } = await classify(url, Buffer.concat([photo, randomBytes(8)]));
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  }
  const senders = Array.from({ length: atOnce }, sender);
  process.once('message', async () => {
    isOver = true;
    await Promise.all(senders);
    process.send?.(statuses, () => process.disconnect?.());
  });
});
