import { type PhotoError, TooManyPixelsError, UndecodableError, UnsupportedFormatError } from '../errors.ts';
import type { Message } from '../messages/text.ts';

/** Restores a PhotoError that crossed a process or thread boundary. */
export function photoErrorOf(code: string, message: Message, setting?: string): PhotoError {
  switch (code) {
    case 'unsupported_format':
      return new UnsupportedFormatError(message);
    case 'too_many_pixels':
      return new TooManyPixelsError(message, setting);
    case 'truncated_image':
    case 'refused_image':
      return new UndecodableError(code, message);
    default:
      return new UndecodableError('undecodable_image', message);
  }
}
