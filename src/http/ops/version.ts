import type { FastifyInstance } from 'fastify';
import { type OpsRule, opsAccess } from './access.ts';

export interface VersionParts {
  readonly opsRule: OpsRule;
  readonly version: string;
  /** Absent if the build did not say it. */
  readonly commit?: string | undefined;
}

/** For operators: exact versions tell an attacker which known faults to try. */
export function versionRoutes(app: FastifyInstance, { opsRule, version, commit }: VersionParts): void {
  const build = {
    name: 'album-classifier',
    version,
    ...(commit !== undefined && { commit }),
    node: process.versions.node,
  };
  app.get('/version', { schema: { hide: true }, onRequest: opsAccess(opsRule) }, async () => build);
}
