import { test } from 'vitest';

/** A test of ten seconds and more, most of them spent waiting: `ALL_TESTS=1` runs it, as CI does. */
export const longTest: typeof test.skip = process.env.ALL_TESTS === '1' ? test : test.skip;
