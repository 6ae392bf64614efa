import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const places = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** Undefined where no browser is installed, which is said; with REQUIRE_CHROMIUM=1 that is an error. */
export function chromiumPath(): string | undefined {
  const path = places.find((place) => place !== undefined && existsSync(place));
  if (path !== undefined) return path;
  const message = 'no Chromium was found (CHROMIUM_PATH, or the Debian package chromium)';
  if (process.env.REQUIRE_CHROMIUM === '1') throw new Error(message);
  console.warn(`\n*** Pages are NOT tested: ${message}. ***\n`);
  return undefined;
}

/**
 * Headless; without a sandbox, since only our own page is shown and containers allow none. Names under `.test` are
 * this machine, and to the browser another one: it trusts them no more than any address without TLS.
 */
export function launchChromium(executablePath: string): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP *.test 127.0.0.1'];
  return chromium.launch({ executablePath, args });
}
