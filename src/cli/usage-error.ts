import { inLanguage, type Message, type Text, textOf } from '../messages/text.ts';

/** Wrong usage of the command line: exit code 2. */
export class UsageError extends Error {
  readonly text: Text;

  constructor(message: Message) {
    super(inLanguage('en', message));
    this.text = textOf(message);
  }
}
