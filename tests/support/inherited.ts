const { PATH, NODE_COMPILE_CACHE } = process.env;

/** What every process that a test starts has from the environment of the tests. */
export const inherited = { PATH, ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }) };
