import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

// Some hundred processes compile the same files; see tests/support/inherited.ts.
process.env.NODE_COMPILE_CACHE ??= resolve('node_modules/.cache/compile');

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: ['tests/support/mysql-setup.ts'],
    pool: 'forks',
    // Tests load the network's runtime themselves; see src/image/child-process.ts.
    env: { ORT_DISABLE_TELEMETRY: '1' },
    // Most of the time is spent waiting for processes and clocks, not computing.
    maxWorkers: 4,
    // How long a busy machine may take; nothing is asserted about speed.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Many tests start processes, servers and browsers. CI tries a failed one again, and its summary says so.
    retry: process.env.ALL_TESTS ? 1 : 0,
    expect: { poll: { timeout: 15_000 } },
  },
});
