/** Lines of an event stream that are about the stream, or its end. */
const streamLine = /^(data: *\[DONE\]|:.*|(event|id|retry):.*)\s*$/;

/**
 * The JSON values that a body holds, whatever its content type says: one; or those of an event stream, or of lines.
 * Lists are opened. Nothing where it is no JSON.
 */
export function jsonIn(body: string): unknown[] {
  const whole = parsed(body.replace(/^\uFEFF/, ''));
  if (whole !== undefined) return [whole].flat();
  const lines = body
    .split(/\r?\n/)
    .filter((line) => !streamLine.test(line))
    .map((line) => line.replace(/^data: ?/, ''));
  const joined = parsed(lines.join('\n'));
  if (joined !== undefined) return [joined].flat();
  const values = lines.filter((line) => line.trim() !== '').map(parsed);
  return values.includes(undefined) ? [] : values.flat();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
