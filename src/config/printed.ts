const masked = '(set)';
/** Fields of the configuration that hold secrets or the prompt. */
const secrets: ReadonlySet<string> = new Set(['password', 'opsToken', 'apiKeys', 'extraBody', 'custom']);

/** The configuration as JSON without secrets; of addresses only host and path. */
export function printedConfig(config: object): string {
  return JSON.stringify(
    config,
    (key, value: unknown) => {
      if (Array.isArray(value) && secrets.has(key)) return value.map(() => masked);
      // A word of the rules for clients, not a list of keys.
      if (secrets.has(key) && key !== 'apiKeys' && value !== undefined && value !== '') return masked;
      return typeof value === 'string' ? plainAddress(value) : value;
    },
    2,
  );
}

/** Removes password and query of an address; returns other text unchanged. */
function plainAddress(text: string): string {
  const { protocol, username, password, host, pathname, search, hash } = URL.parse(text) ?? {};
  if (!host || !(username || password || search || hash)) return text;
  const user = username || password ? `${masked}@` : '';
  return `${protocol}//${user}${host}${pathname}${search ? `?${masked}` : ''}${hash ? `#${masked}` : ''}`;
}
