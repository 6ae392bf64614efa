export interface GrowingBuffer {
  readonly lengthBytes: number;
  append(chunk: Uint8Array): void;
  /** What was appended, in one piece and no larger than needed. The growing buffer is empty afterwards. */
  finish(): Buffer<ArrayBuffer>;
}

const firstBytes = 64 * 1024;

/**
 * Gathers bytes of unknown length in one block. `ArrayBuffer.transfer` frees the old block immediately. The garbage
 * collector would do that much later under many uploads. A list of chunks, joined at the end, would need twice the
 * memory. A block of the announced length costs as much: growing it is a cheap operation of the system.
 */
export function growingBuffer(limitBytes: number): GrowingBuffer {
  let block = new ArrayBuffer(0);
  let lengthBytes = 0;

  function reserve(bytes: number): void {
    if (bytes <= block.byteLength) return;
    const doubled = Math.min(Math.max(block.byteLength * 2, firstBytes), limitBytes);
    block = block.transfer(Math.max(bytes, doubled));
  }

  return {
    get lengthBytes() {
      return lengthBytes;
    },
    append(chunk) {
      reserve(lengthBytes + chunk.byteLength);
      new Uint8Array(block).set(chunk, lengthBytes);
      lengthBytes += chunk.byteLength;
    },
    finish() {
      const whole = Buffer.from(block.transfer(lengthBytes));
      block = new ArrayBuffer(0);
      lengthBytes = 0;
      return whole;
    },
  };
}
