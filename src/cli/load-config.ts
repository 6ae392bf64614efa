import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, loadConfig } from '../config.ts';
import { text } from '../messages/text.ts';
import type { Invocation } from './invocation.ts';
import { BlockedError } from './usage-error.ts';

/** Cameras of today make files of 30 MB and 50 megapixels. Here no other user shares the memory. */
const cameraLimits = {
  MAX_IMAGE_SIZE_MB: '100',
  UPLOAD_BUDGET_MB: '400',
  MEGAPIXEL_LIMITS: 'progressive:64,png:64,webp:64,avif:64,heic:64',
  DECODE_MEMORY_MB: '2500',
  DECODE_TIMEOUT: '30',
};

/**
 * The server's configuration. Its data is in the folder `--data` or, for an installed command, in a folder of the user.
 * @throws ConfigError, UsageError
 */
export function loadCliConfig({ dataFolder }: Invocation, data: string | undefined): Config {
  const [args, defaults] = [sqliteIn(data), sqliteIn(dataFolder)];
  return loadConfig('.env', args, defaults);
}

/** The same with limits that fit cameras. */
export function loadAlbumConfig({ dataFolder }: Invocation, data: string | undefined): Config {
  return loadConfig('.env', sqliteIn(data), { ...cameraLimits, ...sqliteIn(dataFolder) });
}

function sqliteIn(folder: string | undefined): { SQLITE_FILE?: string } {
  return folder === undefined ? {} : { SQLITE_FILE: join(makeFolder(folder), 'album-classifier.db') };
}

function makeFolder(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true });
    return folder;
  } catch (error) {
    throw new BlockedError(
      text("{folder} can't hold data: {code}", {
        folder,
        code: (error as NodeJS.ErrnoException).code ?? 'unknown',
      }),
    );
  }
}
