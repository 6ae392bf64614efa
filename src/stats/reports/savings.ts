/** What the photo at hand would have cost, judged by those before it. */
export interface Savings {
  /** @param costMicro millionths of a currency unit; failed calls cost too, and are part of what an answer costs */
  called(costMicro: number, isAnswered: boolean): void;
  uploaded(bytes: number): void;
  /** What it was before this process began. */
  learn(past: Past): void;
  /** Average cost of an LLM's answer: whole millionths, 0 before the first one. */
  photoMicro(): number;
  /** How long an upload is on average: whole bytes, 0 while there has been none. */
  uploadBytes(): number;
}

export interface Past {
  readonly answers: number;
  readonly spentMicro: number;
  readonly uploads: number;
  readonly uploadedBytes: number;
}

export function openSavings(): Savings {
  const sums = { answers: 0, spentMicro: 0, uploads: 0, uploadedBytes: 0 };
  return {
    called(costMicro, isAnswered) {
      sums.spentMicro += costMicro;
      if (isAnswered) sums.answers += 1;
    },
    uploaded(bytes) {
      sums.uploads += 1;
      sums.uploadedBytes += bytes;
    },
    learn(past) {
      sums.answers += past.answers;
      sums.spentMicro += past.spentMicro;
      sums.uploads += past.uploads;
      sums.uploadedBytes += past.uploadedBytes;
    },
    photoMicro: () => (sums.answers === 0 ? 0 : Math.round(sums.spentMicro / sums.answers)),
    uploadBytes: () => (sums.uploads === 0 ? 0 : Math.round(sums.uploadedBytes / sums.uploads)),
  };
}
