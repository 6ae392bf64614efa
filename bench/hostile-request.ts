export interface Reply {
  readonly status: number;
  readonly code: string;
  readonly ms: number;
}

/** One photo to `/api/v1/classify`. */
export async function classify(url: string, photo: Buffer): Promise<Reply> {
  const form = new FormData();
  form.append('image', new Blob([photo as Uint8Array<ArrayBuffer>]), 'a.jpg');
  const startedMs = performance.now();
  const reply = await fetch(`${url}/api/v1/classify`, { method: 'POST', body: form });
  const { code = '' } = (await reply.json()) as { code?: string };
  return { status: reply.status, code, ms: performance.now() - startedMs };
}

/** All in one form: how many were refused, and how long the slowest of those took from its last byte on. */
export async function classifyBatch(url: string, photos: readonly Buffer[]) {
  const form = new FormData();
  for (const photo of photos) form.append('images', new Blob([photo as Uint8Array<ArrayBuffer>]), 'a.jpg');
  const reply = await fetch(`${url}/api/v1/classify/batch`, { method: 'POST', body: form });
  const { items } = (await reply.json()) as {
    items: { success: boolean; processing_time_ms: number }[];
  };
  const refused = items.filter(({ success }) => !success);
  return {
    refused: refused.length,
    longestMs: Math.max(...refused.map(({ processing_time_ms }) => processing_time_ms)),
  };
}
