import type { ReportDialect } from './reports/dialect.ts';

/** A client's key, without the secret itself. */
export interface ApiKey {
  readonly id: string;
  /** The app, as the operator calls it. Keys of one name belong to one app, and share its users. */
  readonly name: string;
  /** SHA-256 of the secret, which has 192 random bits: 64 hex digits. */
  readonly secretSha256: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly revokedAt?: number;
  /** Requests a minute; absent: the general limit. */
  readonly perMinute?: number;
}

export interface ApiKeyStore {
  list(): Promise<readonly ApiKey[]>;
  save(key: ApiKey): Promise<void>;
  /** @returns whether there was such a key that was not revoked yet */
  revoke(id: string, at: number): Promise<boolean>;
}

export function apiKeyStore({ read, write }: Pick<ReportDialect, 'read' | 'write'>): ApiKeyStore {
  return {
    async list() {
      const rows = await read(
        `SELECT id, name, LOWER(HEX(secret_sha256)) AS secret, created_at_ms, expires_at_ms, revoked_at_ms, per_minute
          FROM api_keys ORDER BY created_at_ms, id`,
        [],
      );
      return rows.map((row) => ({
        id: String(row.id),
        name: String(row.name),
        secretSha256: String(row.secret),
        createdAt: Number(row.created_at_ms),
        ...(row.expires_at_ms !== null && { expiresAt: Number(row.expires_at_ms) }),
        ...(row.revoked_at_ms !== null && { revokedAt: Number(row.revoked_at_ms) }),
        ...(row.per_minute !== null && { perMinute: Number(row.per_minute) }),
      }));
    },

    async save({ id, name, secretSha256, createdAt, expiresAt, perMinute }) {
      await write(
        `INSERT INTO api_keys (id, name, secret_sha256, created_at_ms, expires_at_ms, per_minute)
          VALUES (?, ?, UNHEX(?), ?, NULLIF(?, 0), NULLIF(?, 0))`,
        [id, name, secretSha256, createdAt, expiresAt ?? 0, perMinute ?? 0],
      );
    },

    async revoke(id, at) {
      const sql = 'UPDATE api_keys SET revoked_at_ms = ? WHERE id = ? AND revoked_at_ms IS NULL';
      return (await write(sql, [at, id])) > 0;
    },
  };
}
