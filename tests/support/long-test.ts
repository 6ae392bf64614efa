import { test } from 'vitest';

/** A test of five seconds and more that others of its kind stand in for every day: `ALL_TESTS=1` runs it, as CI does. */
export const longTest: typeof test.skip = process.env.ALL_TESTS === '1' ? test : test.skip;
