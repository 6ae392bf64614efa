const masked = '(set)';
/** What the secret variables and the prompt are called in the configuration. */
const secrets: ReadonlySet<string> = new Set(['password', 'opsToken', 'apiKeys', 'extraBody', 'custom']);

/** The configuration as JSON for people, without secrets and without what an address holds beside host and path. */
export function printedConfig(config: object): string {
  return JSON.stringify(
    config,
    (key, value: unknown) => {
      if (secrets.has(key) && value !== undefined && value !== '')
        return Array.isArray(value) ? value.map(() => masked) : masked;
      return typeof value === 'string' ? plainAddress(value) : value;
    },
    2,
  );
}

/** Of an address with a password or a query the rest; any other text as it is. */
function plainAddress(text: string): string {
  const { protocol, username, password, host, pathname, search, hash } = URL.parse(text) ?? {};
  if (!host || !(username || password || search || hash)) return text;
  const user = username || password ? `${masked}@` : '';
  return `${protocol}//${user}${host}${pathname}${search ? `?${masked}` : ''}${hash ? `#${masked}` : ''}`;
}
