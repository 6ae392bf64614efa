import type { Logger } from 'pino';
import { dayMs } from '../../durations.ts';
import { inLanguage, type Text, text } from '../../messages/text.ts';
import { daysUntil, type Listing, listingOf, shutdownOf } from './model-list.ts';
import type { Target } from './target.ts';

/** What is wrong with a model: it does not answer any more, not for long, or its vendor does not list it. */
export type ModelWarning = 'shut_down' | 'shuts_down_soon' | 'unknown';

/** How long a provider's model will be there. */
export interface ModelState {
  readonly warning?: ModelWarning;
  /** `2027-01-14`, by the vendor's list or else the catalogue. */
  readonly shutdown?: string;
  readonly daysLeft?: number;
}

export interface WatchedModel {
  /** The provider's name. */
  readonly name: string;
  readonly apiKey: string;
  readonly target: Target;
}

export interface ModelWatch {
  /** Asks the vendors and says in the log what is wrong. Never rejects. */
  check(): Promise<void>;
  /** Checks now, and every day. Resolves after the first time. */
  start(): Promise<void>;
  stop(): void;
  /** As of now. */
  stateOf(provider: string): ModelState;
  /** The gravest of what is wrong. */
  worst(): ModelWarning | undefined;
  /** What is wrong, for people. */
  notices(): readonly Text[];
}

/** A model that ends within that is worth a warning: vendors give notice of three months, of one at worst. */
const soonDays = 60;

const gravest = ['shut_down', 'unknown', 'shuts_down_soon'] as const satisfies ModelWarning[];

export function openModelWatch(
  models: readonly WatchedModel[],
  { log, now = Date.now }: { log: Logger; now?: () => number },
): ModelWatch {
  const listings = new Map<string, Listing | undefined>();
  let timer: NodeJS.Timeout | undefined;

  function stateOf({ name, target }: WatchedModel): ModelState {
    const listing = listings.get(name);
    const shutdown = shutdownOf(target, listing);
    const daysLeft = shutdown === undefined ? undefined : daysUntil(shutdown, now());
    const warning = warningOf(daysLeft, listing);
    return {
      ...(warning && { warning }),
      ...(shutdown !== undefined && { shutdown }),
      ...(daysLeft !== undefined && { daysLeft }),
    };
  }

  const notices = () => models.flatMap((model) => noticeOf(model, stateOf(model)));

  async function check(): Promise<void> {
    await Promise.all(
      models.map(async ({ name, target, apiKey }) => {
        try {
          listings.set(name, await listingOf(target, apiKey));
        } catch {
          log.info({ provider: name }, "the vendor's list of models could not be read");
        }
      }),
    );
    for (const notice of notices()) log.warn(inLanguage('en', notice));
  }

  return {
    check,
    start() {
      timer = setInterval(() => void check(), dayMs).unref();
      return check();
    },
    stop: () => clearInterval(timer),
    stateOf(provider) {
      const model = models.find(({ name }) => name === provider);
      return model ? stateOf(model) : {};
    },
    worst() {
      const found = models.map((model) => stateOf(model).warning);
      return gravest.find((warning) => found.includes(warning));
    },
    notices,
  };
}

function warningOf(daysLeft: number | undefined, listing: Listing | undefined): ModelWarning | undefined {
  if (daysLeft !== undefined && daysLeft <= 0) return 'shut_down';
  if (listing?.isListed === false) return 'unknown';
  return daysLeft !== undefined && daysLeft <= soonDays ? 'shuts_down_soon' : undefined;
}

function noticeOf({ name, target }: WatchedModel, { warning, shutdown, daysLeft }: ModelState): Text[] {
  if (warning === undefined) return [];
  const { model, replacement } = target;
  const [date, count] = [shutdown ?? '', daysLeft ?? 0];
  const notice = {
    shut_down: text('LLM {name}: {model} was shut down on {date}', { name, model, date }),
    shuts_down_soon: text('LLM {name}: {model} will be shut down on {date}, in {count} {count|day|days}', {
      name,
      model,
      date,
      count,
    }),
    unknown: text('LLM {name}: {model} is not among the models that its vendor lists', { name, model }),
  }[warning];
  if (replacement === undefined) return [notice];
  return [text('{notice}; its successor is {replacement}', { notice, replacement })];
}
