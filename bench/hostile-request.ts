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
