import type { ClientError } from '../../client/client-error.ts';
import type { PlainSentence, Say } from '../../messages/text.ts';

/** What the client library says by itself; it speaks English only. */
const sentences: Readonly<Record<string, PlainSentence>> = {
  unreachable: "The server can't be reached, or the connection broke.",
  timeout: 'No answer came in time.',
  bad_answer: 'The answer is not what the service sends.',
  aborted: 'The request was aborted.',
};

/** Why a photo has no answer. The service's own sentences come in the language of the user. */
export function errorText({ code, message }: Pick<ClientError, 'code' | 'message'>, say: Say): string {
  const sentence = /^http_\d+$/.test(code) ? 'The server answered with an error.' : sentences[code];
  // The library's English names the address and the time limit.
  return sentence === undefined || say(sentence) === sentence ? message : say(sentence);
}
