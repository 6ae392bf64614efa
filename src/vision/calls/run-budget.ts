import type { Ledger } from './spending.ts';

/** What one run of a command may spend. The sum is kept in this process. */
export interface RunBudget {
  /** @param ledger what others spend from as well; absent: the run counts against nothing else */
  around(ledger?: Ledger): Ledger;
  /** Calls under way counted in, in millionths of a currency unit. */
  readonly spentMicro: number;
  /** A call was not sent for want of money. */
  readonly isUsedUp: boolean;
}

/** @param capMicro millionths of a currency unit */
export function openRunBudget(capMicro: number): RunBudget {
  let spentMicro = 0;
  let isUsedUp = false;
  return {
    get spentMicro() {
      return spentMicro;
    },
    get isUsedUp() {
      return isUsedUp;
    },
    around: (ledger) => ({
      async reserveSpend(amountMicro, dayAndMonth) {
        if (spentMicro + amountMicro > capMicro) {
          isUsedUp = true;
          return false;
        }
        spentMicro += amountMicro;
        if (!dayAndMonth.some(({ capMicro }) => Number.isFinite(capMicro))) {
          // Nothing to ask for, so a store that is down stops no call. `addSpend` reports that later.
          void ledger
            ?.addSpend(
              amountMicro,
              dayAndMonth.map(({ period }) => period),
            )
            .catch(() => undefined);
          return true;
        }
        let isGranted = false;
        try {
          isGranted = (await ledger?.reserveSpend(amountMicro, dayAndMonth)) ?? true;
        } finally {
          if (!isGranted) spentMicro -= amountMicro;
        }
        return isGranted;
      },
      async addSpend(differenceMicro, periods) {
        spentMicro += differenceMicro;
        await ledger?.addSpend(differenceMicro, periods);
      },
    }),
  };
}
