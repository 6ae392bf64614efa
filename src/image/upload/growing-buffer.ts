export interface GrowingBuffer {
  readonly lengthBytes: number;
  append(chunk: Uint8Array): void;
  /** What was appended, in one piece and no larger than needed. The growing buffer is empty afterwards. */
  finish(): Buffer<ArrayBuffer>;
}

const firstBytes = 64 * 1024;
/** A block is no larger than this, or than eight times what has arrived: an announcement may be false. */
const trustedBytes = 256 * 1024;
const trustedFactor = 8;

/**
 * Gathers bytes in one block, which has the announced size as soon as that can be trusted, and otherwise doubles. A
 * block that is outgrown is freed at once. The garbage collector would do that much later under many uploads. A list
 * of chunks, joined at the end, would need twice the memory.
 * @param announcedBytes about how many will come, if that is known
 */
export function growingBuffer(limitBytes: number, announcedBytes = firstBytes): GrowingBuffer {
  let block = blockOf(0);
  let lengthBytes = 0;

  function reserve(bytes: number): void {
    if (bytes <= block.length) return;
    const trusted = Math.min(announcedBytes, Math.max(trustedBytes, bytes * trustedFactor));
    const wished = Math.max(trusted, block.length * 2);
    const larger = blockOf(Math.max(bytes, Math.min(wished, limitBytes)));
    larger.set(block.subarray(0, lengthBytes));
    freeMemory(block);
    block = larger;
  }

  return {
    get lengthBytes() {
      return lengthBytes;
    },
    append(chunk) {
      reserve(lengthBytes + chunk.byteLength);
      block.set(chunk, lengthBytes);
      lengthBytes += chunk.byteLength;
    },
    finish() {
      const whole = Buffer.from(block.buffer.transfer(lengthBytes));
      block = blockOf(0);
      lengthBytes = 0;
      return whole;
    },
  };
}

/** Not filled with zeros: the system provides its memory when bytes arrive. */
const blockOf = (bytes: number): Buffer<ArrayBuffer> => Buffer.allocUnsafeSlow(bytes);

/** Gives the memory of bytes back now. They must be the only ones in it, and they can't be read afterwards. */
export function freeMemory({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
