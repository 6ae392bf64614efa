import type { Recorder } from '../stats/recorder.ts';
import type { Sender } from '../store/records.ts';

export type PhotoRecorder = Pick<Recorder, 'answered' | 'failed'>;

export interface PendingRecords {
  /** Keeps records of photos until their sender is known. */
  readonly recorder: PhotoRecorder;
  /** Writes the records kept so far, and from now on each one at once. */
  setSender(sender: Sender): void;
}

/** For a form that may name its sender in its last part, after photos were classified. */
export function openPendingRecords(recorder: PhotoRecorder): PendingRecords {
  const pending: ((sender: Sender) => void)[] = [];
  let known: Sender | undefined;

  function write(record: (sender: Sender) => void): void {
    if (known) record(known);
    else pending.push(record);
  }

  return {
    recorder: {
      answered: (origin, ...photo) => write((sender) => recorder.answered({ ...origin, sender }, ...photo)),
      failed: (origin, ...photo) => write((sender) => recorder.failed({ ...origin, sender }, ...photo)),
    },
    setSender(sender) {
      known = sender;
      for (const record of pending.splice(0)) record(sender);
    },
  };
}
