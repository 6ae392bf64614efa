import { join } from 'node:path';
import { type Classifier, fresh } from '../../src/classify/classifier.ts';
import { VisionError } from '../../src/errors.ts';
import type { Caller } from '../../src/photos/caller.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { identityOf } from '../../src/stats/caller-identity.ts';
import type { Store } from '../../src/store/store.ts';
import { randomOf } from '../fuzz/mutations.ts';
import { type FakeClock, type FakeProcess, withFakeClock } from '../support/fake-clock.ts';
import { type History, type Life, openHistory, type PaidCall } from './history.ts';
import { acrossNetwork } from './network.ts';
import type { EndEvent, LookUpEvent, Scenario, UploadEvent } from './scenario.ts';
import { hashOf, openSimulatedProcess, takeOverMs } from './simulated-process.ts';

export interface SimulatedPlace {
  /** Migrated and empty; without faults of its own. */
  readonly store: Store;
  /** For journals. Empty. */
  readonly folder: string;
}

/** A process of the simulation. */
interface Running {
  readonly life: Life;
  readonly fake: FakeProcess;
  readonly service: ReturnType<typeof openSimulatedProcess>;
  readonly requests: Set<Promise<unknown>>;
  isReady: boolean;
  killWhenWriting: (() => void) | undefined;
}

/** `Date.now()` at the beginning. */
export const startsAt = 1_780_000_000_000;
/** A look-up waits for the statement before it, and for its own: a second each at most. */
const lookUpMs = 2_000;
const localMs = 30;
/** After the last fault: a process may have to start, to notice that the store is back, and to take over a journal. */
const recoveryMs = 12_000 + 9_000 + takeOverMs;

/** Runs a scenario to its end, when no fault is left and all processes have stopped. */
export async function runScenario(scenario: Scenario, place: SimulatedPlace): Promise<History> {
  return withFakeClock((clock) => simulate(scenario, place, clock), { seed: scenario.seed, startsAt });
}

async function simulate(scenario: Scenario, place: SimulatedPlace, clock: FakeClock): Promise<History> {
  const history = openHistory();
  const random = randomOf(scenario.seed + 77);
  const server = clock.openProcess();
  const running: (Running | undefined)[] = [];
  const trace = (who: string, line: string) => void history.trace.push(`${clock.nowMs()} ${who} ${line}`);
  const folderOf = (process: number) =>
    join(place.folder, scenario.isFolderShared ? 'machine' : `machine-${process}`);

  function open(process: number): Running {
    const lives = history.lives.filter((one) => one.process === process).length;
    const life: Life = { name: `${process}.${lives}`, process, killedMs: undefined, stoppedMs: undefined };
    history.lives.push(life);
    const fake = clock.openProcess();
    const note = (line: string) => trace(life.name, line);
    const isAlive = () => life.killedMs === undefined && life.stoppedMs === undefined;
    const store = acrossNetwork(place.store, {
      latencyMs: scenario.latencyMs,
      server,
      random,
      isAlive,
      trace: note,
      fault: () => faultNow(scenario, process, clock.nowMs()),
      onWritten: () => one.killWhenWriting?.(),
    });
    const llm = payingModel(history, life, { clock, server, random, isAlive, note });
    const service = fake.run(() =>
      openSimulatedProcess({
        store,
        folder: folderOf(process),
        memoryMs: scenario.memoryMs,
        llm,
        local: localModel,
        onLost: (what) => note(`LOST ${what}`),
        onHit() {
          history.hits += 1;
        },
      }),
    );
    const one: Running = {
      life,
      fake,
      service,
      requests: new Set(),
      isReady: false,
      killWhenWriting: undefined,
    };
    running[process] = one;
    const ready = () => {
      one.isReady = true;
      note('is ready');
    };
    void fake.run(() => service.start()).then(ready);
    return one;
  }

  /** `serve` runs in the process, and its answer is noted unless the process is killed. */
  async function request(event: UploadEvent | LookUpEvent, index: number): Promise<void> {
    const one = running[event.process];
    if (!one?.isReady) return;
    const { life } = one;
    const requestId = `req_${index}`;
    const startMs = clock.nowMs();
    const deadlineMs = event.do === 'upload' ? event.deadlineMs : lookUpMs;
    const gone = new AbortController();
    const leavesMs = event.do === 'upload' ? event.leavesMs : undefined;
    if (leavesMs !== undefined)
      void clock.until(startMs + leavesMs).then(() => gone.abort(new Error('the phone has left')));
    const caller = (): Caller => ({
      identity: identityOf({ userId: event.user, address: '192.0.2.1' }),
      requestId,
      elapsedMs: () => 0,
      context: { deadline: deadlineIn(deadlineMs), signal: gone.signal, lane: 'single' },
    });
    const work = async () =>
      event.do === 'upload'
        ? one.service.upload(event.photo, caller())
        : one.service.lookUp(event.photo, caller());
    const end = (outcome: string, isError: boolean) => {
      trace(life.name, `${event.do} ${event.photo} of ${event.user}: ${outcome}`);
      const endMs = clock.nowMs();
      const what = {
        requestId,
        kind: event.do,
        life,
        photo: event.photo,
        user: event.user,
        startMs,
        endMs,
        deadlineMs,
      };
      history.ended.push({ ...what, outcome, isError, hasLeft: gone.signal.aborted });
    };
    const served = one.fake.run(work).then(
      (answer) => {
        const from = answer?.from ?? 'miss';
        const method = answer?.classification.method ?? '';
        end(`${from} ${method}`, false);
      },
      (error: unknown) => end(String(error), true),
    );
    one.requests.add(served);
    await served.finally(() => one.requests.delete(served));
  }

  function kill(one: Running): void {
    const { life, fake } = one;
    life.killedMs = clock.nowMs();
    trace(life.name, 'is killed');
    fake.kill();
    running[life.process] = undefined;
  }

  async function stop(one: Running): Promise<void> {
    const { life, fake, service, requests } = one;
    running[life.process] = undefined;
    await Promise.all(requests);
    if (life.killedMs !== undefined) return;
    await fake.run(() => service.stop());
    life.stoppedMs = clock.nowMs();
    trace(life.name, 'has stopped');
    // Its process ends; without that, timers of the service would run on.
    fake.kill();
  }

  async function end({ do: what, process, restartMs }: EndEvent): Promise<void> {
    const one = running[process];
    if (!one?.isReady) return;
    if (what === 'stop') await stop(one);
    else if (what === 'kill') kill(one);
    else
      await new Promise<void>((resolve) => {
        one.killWhenWriting = () => {
          if (running[process] === one) kill(one);
          one.killWhenWriting = undefined;
          resolve();
        };
      });
    await clock.until(clock.nowMs() + restartMs);
    if (running[process] === undefined) open(process);
  }

  for (let process = 0; process < scenario.processes; process += 1) open(process);
  await clock.until(1_000);
  for (const [index, event] of scenario.events.entries()) {
    await clock.until(1_000 + event.atMs);
    void (event.do === 'upload' || event.do === 'look up' ? request(event, index) : end(event));
  }
  await clock.until(1_000 + scenario.healthyMs + recoveryMs);
  await Promise.all(running.map((one) => one && stop(one)));
  history.endedMs = clock.nowMs();
  return history;
}

function faultNow({ faults }: Scenario, process: number, nowMs: number) {
  const atMs = nowMs - 1_000;
  return faults.find(
    (fault) =>
      fault.fromMs <= atMs && atMs < fault.toMs && (fault.process === undefined || fault.process === process),
  )?.kind;
}

interface ModelParts {
  readonly clock: FakeClock;
  readonly server: FakeProcess;
  readonly random: (below: number) => number;
  readonly isAlive: () => boolean;
  readonly note: (line: string) => void;
}

/** A vision model whose calls are counted. It fails now and then, and takes longer than a deadline now and then. */
function payingModel(history: History, life: Life, parts: ModelParts): Classifier {
  const { clock, server, random, isAlive, note } = parts;
  return {
    classify: ({ sha256 }) =>
      new Promise((resolve, reject) => {
        const photo = [0, 1, 2, 3, 4].findIndex((one) => hashOf(one) === sha256);
        const startMs = clock.nowMs();
        const call: PaidCall = { photo, life, startMs, endMs: undefined, isAnswered: false };
        history.calls.push(call);
        note(`pays for photo ${photo}`);
        const durationMs = random(8) === 0 ? 8_000 + random(25_000) : 200 + random(3_000);
        const fails = random(8) === 0;
        void server.run(async () => {
          await clock.until(startMs + durationMs);
          if (!isAlive()) return;
          call.endMs = clock.nowMs();
          call.isAnswered = !fails;
          note(`gets ${fails ? 'an error' : 'an answer'} for photo ${photo}`);
          if (fails) reject(new VisionError('server_error'));
          else resolve(classified('llm'));
        });
      }),
  };
}

const classified = (method: 'llm' | 'local') =>
  fresh({ category: 'pets', confidence: 0.9, colour: 'orange', method, model: method });

const localModel: Classifier = {
  async classify() {
    await new Promise((resolve) => setTimeout(resolve, localMs));
    return classified('local');
  },
};
