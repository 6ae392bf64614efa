import dns from 'node:dns';

/**
 * Imported for what it does: every name leads to this machine, so that `http://api.openai.com:<port>` is a fake vendor
 * at a host that the service knows.
 */
const lookUp = (_: string, options: unknown, done: unknown) => {
  const answer = (done ?? options) as (...found: unknown[]) => void;
  const isAll = typeof options === 'object' && options !== null && 'all' in options && options.all === true;
  process.nextTick(() =>
    isAll ? answer(null, [{ address: '127.0.0.1', family: 4 }]) : answer(null, '127.0.0.1', 4),
  );
};
dns.lookup = lookUp as typeof dns.lookup;
