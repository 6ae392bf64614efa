import { nearestOf } from '../config/nearest.ts';
import { text } from '../messages/text.ts';
import { UsageError } from './usage-error.ts';

/** A better error for a wrong option; undefined for any other error. */
export function wrongOption(error: unknown, options: readonly string[]): UsageError | undefined {
  const { code, message } = error as NodeJS.ErrnoException;
  const [, option = ''] = /'(?:-\w, )?(-[^' ]*)/.exec(message) ?? [];
  if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE')
    return new UsageError(
      /does not take/.test(message)
        ? text('The option {option} takes no value.', { option })
        : text('The option {option} needs a value.', { option }),
    );
  if (code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return undefined;
  const nearest = nearestOf(option, options);
  if (nearest === undefined) return new UsageError(text('There is no option {option}.', { option }));
  return new UsageError(
    text('There is no option {option}. Did you mean {nearest}?', { option, nearest: `--${nearest}` }),
  );
}

const commands = [
  'classify',
  'eval',
  'undo',
  'migrate',
  'backup',
  'restore',
  'versions',
  'drop',
  'forget',
  'keys',
  'check-config',
  'check-llm',
] as const;

export function unknownCommand(command: string | undefined): UsageError {
  if (command === undefined) return new UsageError('no command given');
  const nearest = nearestOf(command, commands);
  if (nearest === undefined) return new UsageError(text('there is no command {command}', { command }));
  return new UsageError(text('there is no command {command}. Did you mean {nearest}?', { command, nearest }));
}
