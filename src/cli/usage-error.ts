import { inLanguage, type Message, type Text, textOf } from '../messages/text.ts';

/** Wrong usage of the command line: exit code 2. */
export class UsageError extends Error {
  readonly text: Text;

  constructor(message: Message) {
    super(inLanguage('en', message));
    this.text = textOf(message);
  }
}

/** Right usage that can't be carried out: what it needs isn't there, or something is in its way. Help doesn't help. */
export class BlockedError extends UsageError {}
