import { createHash, randomBytes } from 'node:crypto';
import type { Config } from '../config.ts';
import { dayMs } from '../durations.ts';
import { type Say, text } from '../messages/text.ts';
import type { ApiKey } from '../store/api-key-store.ts';
import type { Store } from '../store/store.ts';
import { UsageError } from './usage-error.ts';
import { withStore } from './with-store.ts';

const keysUsage = 'keys list, keys create NAME [DAYS [PER_MINUTE]], or keys revoke ID';

/**
 * `keys list`, `keys create NAME [DAYS [PER_MINUTE]]`, `keys revoke ID`. The key itself is shown once: only its hash
 * is stored.
 * @returns exit code
 */
export async function keys(
  config: () => Config,
  [verb, ...words]: readonly string[],
  say: Say,
): Promise<number> {
  switch (verb) {
    case 'list':
      return withStore(config(), (store) => list(store, say));
    case 'create':
      return withStore(config(), (store) => create(store, words, say));
    case 'revoke':
      return withStore(config(), (store) => revoke(store, words, say));
    default:
      throw new UsageError(keysUsage);
  }
}

async function list({ apiKeys }: Store, say: Say): Promise<number> {
  const all = await apiKeys.list();
  for (const key of all) process.stdout.write(`${lineOf(key, say)}\n`);
  if (all.length === 0) process.stdout.write(`${say('there are no keys')}\n`);
  return 0;
}

function lineOf({ id, name, createdAt, expiresAt, revokedAt, perMinute }: ApiKey, say: Say): string {
  const date = (at: number) => new Date(at).toISOString().slice(0, 10);
  const facts = [say('since {date}', { date: date(createdAt) })];
  if (expiresAt !== undefined) facts.push(say('until {date}', { date: date(expiresAt) }));
  if (perMinute !== undefined) facts.push(say('{count} a minute', { count: perMinute }));
  if (revokedAt !== undefined) facts.push(say('revoked {date}', { date: date(revokedAt) }));
  return `${id}  ${name}  (${facts.join(', ')})`;
}

async function create(
  { apiKeys }: Store,
  [name, days, perMinute, ...rest]: readonly string[],
  say: Say,
): Promise<number> {
  if (name === undefined || rest.length > 0) throw new UsageError(keysUsage);
  const id = randomBytes(6).toString('hex');
  const secret = randomBytes(24).toString('base64url');
  const createdAt = Date.now();
  await apiKeys.save({
    id,
    name: name.slice(0, 128),
    secretSha256: createHash('sha256').update(secret).digest('hex'),
    createdAt,
    ...(days !== undefined && { expiresAt: createdAt + positive('DAYS', days) * dayMs }),
    ...(perMinute !== undefined && { perMinute: positive('PER_MINUTE', perMinute) }),
  });
  process.stderr.write(`${say('This is the only time that the key is shown:')}\n`);
  process.stdout.write(`ack_${id}_${secret}\n`);
  return 0;
}

async function revoke({ apiKeys }: Store, [id, ...rest]: readonly string[], say: Say): Promise<number> {
  if (id === undefined || rest.length > 0) throw new UsageError(keysUsage);
  const isRevoked = await apiKeys.revoke(id, Date.now());
  process.stdout.write(
    `${isRevoked ? say('{id} is revoked', { id }) : say('there is no valid key {id}', { id })}\n`,
  );
  return isRevoked ? 0 : 1;
}

function positive(name: string, given: string): number {
  const value = Number(given);
  if (Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value;
  throw new UsageError(
    text('{what} must be a whole number from {min} to {max}', { what: name, min: 1, max: 1_000_000 }),
  );
}
