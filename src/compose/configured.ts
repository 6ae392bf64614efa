import { ConfigError } from '../config.ts';
import { SetupError } from '../errors.ts';

/**
 * What a file that the configuration names is at fault for, is the configuration's fault.
 * @throws ConfigError
 */
export function configured<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ConfigError([SetupError.textOf(error)]);
  }
}
