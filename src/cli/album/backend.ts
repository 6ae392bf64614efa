import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { httpTo } from '../../client/http.ts';
import { httpTransport } from '../../client/http-transport.ts';
import type { Transport } from '../../client/transport.ts';
import { type Config, loadClientKey } from '../../config.ts';
import { type Message, sayIn } from '../../messages/text.ts';
import { openLog } from '../../process/log.ts';
import { openServices } from '../../services.ts';
import type { VisionCallReport } from '../../vision/calls/call-report.ts';
import { openRunBudget } from '../../vision/calls/run-budget.ts';
import type { Settings } from '../settings.ts';
import { inProcess } from './in-process.ts';
import {
  type CountedFailure,
  failuresAt,
  openFailureTally,
  overBudget,
  overMaxCost,
  whyLlmCannotAnswer,
} from './llm-failures.ts';

/** Who classifies. */
export interface Backend {
  readonly transport: Transport;
  /** Names who answers, so that a journal is not believed for another. */
  readonly source: string;
  /** Model of answers that no LLM gave; undefined if unknown. */
  readonly localModel: string | undefined;
  /** Photos at once; adaptive where undefined. */
  readonly concurrency: number | undefined;
  /** Whether an LLM classified this photo; undefined if unknown. */
  readonly isByLlm: ((hash: string) => boolean) | undefined;
  /** Currency of the prices; undefined if the server pays. */
  readonly currency: string | undefined;
  /** Photos of the album lane that this process works on; undefined where a server may. */
  readonly laneSize: (() => number) | undefined;
  readonly notices: readonly Message[];
  /** Why an LLM did not answer, as far as it is known. Never rejects. */
  failures(): Promise<readonly CountedFailure[]>;
  /** Aborts when no provider can answer without an operator; the reason is a sentence. */
  readonly hopeless: AbortSignal;
  close(): Promise<void>;
}

export function serverBackend(
  server: string,
  { user, timeoutMs, concurrency, lane, language }: Settings,
): Backend {
  const http = httpTo({
    baseUrl: server,
    userId: user,
    apiKey: loadClientKey(),
    language,
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
  return {
    transport: httpTransport(http, { lane }),
    source: server,
    localModel: undefined,
    concurrency,
    isByLlm: undefined,
    currency: undefined,
    laneSize: undefined,
    notices: [],
    failures: () => failuresAt(http),
    hopeless: new AbortController().signal,
    close: async () => {},
  };
}

/**
 * The server's own parts in this process.
 * @param onCall every call to an LLM, when it is over
 * @throws ConfigError
 */
export async function ownBackend(
  settings: Settings,
  onCall: (call: VisionCallReport) => void,
): Promise<Backend> {
  const say = sayIn(settings.language);
  const config = tuned(settings.loadConfig(), settings);
  const { log } = openLog({ ...config.log, level: 'error', toStderr: true });
  const failures = openFailureTally((config.llm?.providers.length ?? 0) > 1);
  const hopeless = new AbortController();
  const { maxCost } = settings;
  const runBudget = maxCost === undefined ? undefined : openRunBudget(maxCost * 1_000_000);
  const services = openServices(config, log, {
    runBudget,
    onCall(call) {
      failures.add(call);
      onCall(call);
    },
  });
  const onFailure = () => {
    if (config.strategy !== 'llm-only') return;
    const why = runBudget?.isUsedUp ? say(overMaxCost.text) : whyLlmCannotAnswer(services.state().llm, say);
    if (why !== undefined) hopeless.abort(new Error(why));
  };
  await services.ready();
  const photoMs = settings.maxWaitMs ?? config.limits.batchMs;
  const transport = inProcess(services, { photoMs, lane: settings.lane, onFailure, say });
  const isUp = services.health().database === 'connected';
  return {
    transport,
    source: `in-process ${config.strategy} ${services.resultVersion}`,
    localModel: services.models.local,
    concurrency: settings.concurrency && settings.concurrency + ahead(config, settings.concurrency),
    isByLlm: transport.isByLlm,
    currency: services.state().llm?.currency,
    laneSize: () => services.albumLane?.state().photos ?? 0,
    notices: [
      ...config.warnings,
      ...(isUp
        ? []
        : (['The database is not reachable: nothing is looked up or remembered there.'] as const)),
      ...(await services.modelNotices()),
    ],
    async failures() {
      const isOver = services.state().llm?.isOverBudget;
      const budget = runBudget?.isUsedUp ? [overMaxCost] : isOver ? [overBudget] : [];
      return [...budget, ...failures.list()];
    },
    hopeless: hopeless.signal,
    close: () => services.close(),
  };
}

/** Where an LLM does the work, more photos than calls: the next ones are decoded while it answers. */
function ahead({ strategy, inference }: Config, calls: number): number {
  return strategy === 'local-only' ? 0 : Math.max(inference.processes, Math.ceil(calls / 2));
}

function tuned(config: Config, { concurrency, timeoutMs, maxRetries }: Settings): Config {
  const providers = config.llm?.providers.map((provider) => ({
    ...provider,
    ...(concurrency !== undefined && { maxConcurrency: concurrency }),
    ...(timeoutMs !== undefined && provider.lane === undefined && { timeoutMs }),
  }));
  return {
    ...config,
    inference: { ...config.inference, modelDir: modelFolder(config.inference.modelDir) },
    llm: config.llm &&
      providers && { ...config.llm, providers, ...(maxRetries !== undefined && { tries: maxRetries + 1 }) },
  };
}

/** Run from elsewhere, the built-in model is the one that came with this program. */
export function modelFolder(folder: string): string {
  const builtIn = './models/album9';
  if (folder !== builtIn || existsSync(folder)) return folder;
  return fileURLToPath(new URL('../../../models/album9', import.meta.url));
}
