import type { Recorder } from '../stats/recorder.ts';
import type { CallerIdentity } from '../store/records.ts';

export type PhotoRecorder = Pick<Recorder, 'answered' | 'failed'>;

export interface PendingRecords {
  /** Keeps records of photos until their caller is known. */
  readonly recorder: PhotoRecorder;
  /** Writes the records kept so far, and from now on each one at once. */
  setIdentity(identity: CallerIdentity): void;
}

/** For a form that may name its caller in its last part, after photos were classified. */
export function openPendingRecords(recorder: PhotoRecorder): PendingRecords {
  const pending: ((identity: CallerIdentity) => void)[] = [];
  let known: CallerIdentity | undefined;

  function write(record: (identity: CallerIdentity) => void): void {
    if (known) record(known);
    else pending.push(record);
  }

  return {
    recorder: {
      answered: (caller, ...photo) =>
        write((identity) => recorder.answered({ ...caller, identity }, ...photo)),
      failed: (caller, ...photo) => write((identity) => recorder.failed({ ...caller, identity }, ...photo)),
    },
    setIdentity(identity) {
      known = identity;
      for (const record of pending.splice(0)) record(identity);
    },
  };
}
