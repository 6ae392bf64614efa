import type { Recorder } from '../stats/recorder.ts';
import type { Sender } from '../store/records.ts';

export interface HeldRecords {
  /** Takes records of photos before anybody knows whose they are. */
  readonly recorder: Pick<Recorder, 'answered' | 'failed'>;
  /** Writes those held, and from now on each as it comes. */
  name(sender: Sender): void;
}

/** For a form that may name its sender last, after photos that were answered long before. */
export function holdRecords(recorder: Pick<Recorder, 'answered' | 'failed'>): HeldRecords {
  const held: ((sender: Sender) => void)[] = [];
  let named: Sender | undefined;

  function write(record: (sender: Sender) => void): void {
    if (named) record(named);
    else held.push(record);
  }

  return {
    recorder: {
      answered: (origin, ...photo) => write((sender) => recorder.answered({ ...origin, sender }, ...photo)),
      failed: (origin, ...photo) => write((sender) => recorder.failed({ ...origin, sender }, ...photo)),
    },
    name(sender) {
      named = sender;
      for (const record of held.splice(0)) record(sender);
    },
  };
}
