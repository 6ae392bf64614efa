import type { VisionCallReport } from '../vision/calls/call-report.ts';

/** Money of this run, in millionths of a currency unit. */
export interface Account {
  book(call: VisionCallReport): void;
  /** An answer of an LLM that this run did not pay for. */
  save(): void;
  readonly state: AccountState;
}

export interface AccountState {
  /** Calls that an LLM answered. */
  readonly answeredCalls: number;
  readonly spentMicro: number;
  readonly savedCalls: number;
  /** Undefined if the cost of an answer is unknown. */
  readonly savedMicro: number | undefined;
  readonly currency: string;
}

/** @param earlierMicro what one answer has cost in earlier runs */
export function openAccount(currency: string, earlierMicro: number | undefined): Account {
  let answeredCalls = 0;
  let spentMicro = 0;
  let savedCalls = 0;
  return {
    book({ outcome, costMicro = 0 }) {
      if (outcome === 'answered') answeredCalls += 1;
      spentMicro += costMicro;
    },
    save() {
      savedCalls += 1;
    },
    get state() {
      const eachMicro = answeredCalls > 0 && spentMicro > 0 ? spentMicro / answeredCalls : earlierMicro;
      const savedMicro = eachMicro === undefined ? undefined : eachMicro * savedCalls;
      return { answeredCalls, spentMicro, savedCalls, savedMicro, currency };
    },
  };
}

export function moneyText(micro: number, currency: string): string {
  const amount = micro / 1_000_000;
  return `${currency} ${amount.toFixed(amount >= 1 || amount === 0 ? 2 : 4)}`;
}
