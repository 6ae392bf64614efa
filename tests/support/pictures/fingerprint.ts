import { isNearDuplicate } from '../../../src/cache/near-duplicate.ts';
import { openDecoder } from '../../../src/image/decode/decode.ts';
import { formatOf } from '../../../src/image/inspect/format.ts';
import type { Fingerprint } from '../../../src/image/photo.ts';

const decode = openDecoder({ renditionPx: 512, thumbnailPx: 308, limitPixels: 100_000_000 });

/** As the service makes it. */
export async function fingerprintOf(bytes: Buffer): Promise<Fingerprint | undefined> {
  const wants = { rendition: true, infer: false, fingerprint: true };
  return (await decode({ bytes, format: formatOf(bytes, { heic: true }), wants })).fingerprint;
}

/** As the service finds them: by the bits of the one that was there first, then by the rule. */
export function areDuplicates(first?: Fingerprint, copy?: Fingerprint): boolean {
  if (!first || !copy) return false;
  return copy.nearBits.includes(first.bits) && isNearDuplicate(copy, first);
}
