/** The lines of an NDJSON answer as they arrive; all at its end where the platform streams none (React Native). */
export async function* linesOf(response: Response): AsyncGenerator<unknown> {
  let rest = '';
  for await (const text of textsOf(response)) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line);
  }
  if (rest.trim() !== '') yield JSON.parse(rest);
}

async function* textsOf(response: Response): AsyncGenerator<string> {
  if (!response.body || typeof TextDecoder === 'undefined') {
    yield await response.text();
    return;
  }
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read())
      yield decoder.decode(chunk.value, { stream: true });
  } finally {
    reader.releaseLock();
  }
}
