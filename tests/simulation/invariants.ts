import { sha256Of } from '../contracts/rows.ts';
import type { Ended, History, Life, PaidCall } from './history.ts';
import type { Place } from './place.ts';
import { startsAt } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { hashOf, resultVersion } from './simulated-process.ts';

/** Events begin that long after the start. */
const beginMs = 1_000;
/** A circuit breaker notices a fault within a second, and the end of one after its longest pause. */
const noticeMs = 1_200;
const probeMs = 6_500;
/** A journal is written soon after the store is back. */
const replayMs = 3_000;
/** Records are written once a second; each write may take a second, and waits for the one before it. */
const recordMs = { healthy: 1_500, faulty: 4_500 };
/** A result is written at once, after the statement before it. */
const resultMs = { healthy: 400, faulty: 2_500 };
/** Beyond the deadline: no timer is that late. */
const toleranceMs = 100;

/** What went wrong, in sentences; nothing, where all promises were kept. */
export function violations(scenario: Scenario, history: History, place: Place): string[] {
  const faults = openFaults(scenario);
  return [
    ...lateAnswers(history),
    ...falseMisses(history),
    ...lostResults(history, faults, place),
    ...recordsAtFault(history, faults, place),
    ...needlessCalls(history, faults),
    ...leftovers(history, place),
    ...history.trace.filter((line) => line.includes('LOST')).map((line) => `was dropped: ${line}`),
  ];
}

type Faults = ReturnType<typeof openFaults>;

/** Times at which a process could not rely on the store. */
function openFaults({ faults }: Scenario) {
  const windows = faults.map(({ fromMs, toMs, process, kind }) => ({
    process,
    fromMs: beginMs + fromMs,
    // What is late arrives up to nine seconds after its call.
    toMs: beginMs + toMs + probeMs + (kind === 'late' || kind === 'mixed' ? 9_000 : 0),
  }));
  const of = ({ process }: Life) =>
    windows.filter((one) => one.process === undefined || one.process === process);
  return {
    between: (life: Life, fromMs: number, toMs: number) =>
      of(life).some((one) => one.fromMs <= toMs && fromMs <= one.toMs),
    /** The first time from then on without a fault. */
    overAt(life: Life, fromMs: number): number {
      let atMs = fromMs;
      for (const one of of(life).sort((a, b) => a.fromMs - b.fromMs))
        if (one.fromMs - noticeMs <= atMs && atMs <= one.toMs) atMs = one.toMs;
      return atMs;
    },
  };
}

function lateAnswers({ ended }: History): string[] {
  const late = ended.filter(({ startMs, endMs, deadlineMs }) => endMs > startMs + deadlineMs + toleranceMs);
  const failed = ended.filter(({ kind, isError, hasLeft }) => kind === 'upload' && isError && !hasLeft);
  return [
    ...late.map((one) => `${one.kind} ${one.requestId} waited ${one.endMs - one.startMs} ms`),
    ...failed.map((one) => `${one.requestId} failed: ${one.outcome}`),
  ];
}

/** A process finds what it has answered the same user with: in memory, in the store or in its journal. */
function falseMisses({ ended }: History): string[] {
  const isKnown = ({ life, photo, user, startMs }: Ended) =>
    ended.some(
      (one) =>
        one.kind === 'upload' &&
        / llm$/.test(one.outcome) &&
        one.life === life &&
        one.photo === photo &&
        one.user === user &&
        one.endMs + resultMs.faulty < startMs,
    );
  return ended
    .filter((one) => one.kind === 'look up' && one.outcome.startsWith('miss') && isKnown(one))
    .map((one) => `look-up ${one.requestId} missed photo ${one.photo}, which ${one.user} was answered`);
}

/** Every answer that was paid for is in the store. */
function lostResults({ calls }: History, faults: Faults, place: Place): string[] {
  const stored = new Set(
    place.rows("SELECT lower(hex(sha256)) AS hash FROM results WHERE method = 'llm'").map(({ hash }) => hash),
  );
  return calls
    .filter(({ isAnswered, photo }) => isAnswered && !stored.has(hashOf(photo)))
    .filter(({ life, endMs = 0 }) => !isExcused(life, endMs, resultMs, faults))
    .map(
      ({ life, photo, endMs }) => `the result of photo ${photo} that ${life.name} got at ${endMs} is lost`,
    );
}

/** Its process was killed shortly after. */
function isExcused(life: Life, atMs: number, { healthy, faulty }: typeof recordMs, faults: Faults): boolean {
  if (life.killedMs === undefined) return false;
  const limitMs = faults.between(life, atMs - faulty, life.killedMs) ? faulty : healthy;
  return life.killedMs - atMs <= limitMs;
}

function recordsAtFault({ ended, lives, hits }: History, faults: Faults, place: Place): string[] {
  const countsOf = (table: string) =>
    new Map(
      place
        .rows(`SELECT request_id AS id, COUNT(*) AS n FROM ${table} GROUP BY request_id`)
        .map(({ id, n }) => [String(id), Number(n)]),
    );
  const [photos, requests] = [countsOf('photos'), countsOf('requests')];
  const repeated = [...photos, ...requests].filter(([, count]) => count > 1);
  const missing = ended.filter((one) => {
    const isThere = one.kind === 'upload' ? photos.has(one.requestId) : requests.has(one.requestId);
    const isRecorded = one.kind === 'upload' || !one.isError;
    return isRecorded && !isThere && !isExcused(one.life, one.endMs, recordMs, faults);
  });
  const sum = (sql: string) => Number(place.rows(sql)[0]?.n ?? 0);
  const rows = sum('SELECT COUNT(*) AS n FROM photos');
  const lookUpHits = sum('SELECT SUM(lookup_hits) AS n FROM requests');
  const summed = sum('SELECT SUM(photos) AS n FROM day_users');
  const counted = sum('SELECT SUM(hits) AS n FROM results');
  const isNoneKilled = lives.every(({ killedMs }) => killedMs === undefined);
  return [
    ...repeated.map(([id, count]) => `${id} was recorded ${count} times`),
    ...missing.map((one) => `the record of ${one.requestId} (${one.outcome}) is lost`),
    ...(rows + lookUpHits === summed
      ? []
      : [`${rows} photos and ${lookUpHits} hits are summed up as ${summed}`]),
    ...(counted > hits || (isNoneKilled && counted < hits) ? [`${counted} hits are counted of ${hits}`] : []),
  ];
}

/** Calls for a photo that no fault explains. */
function needlessCalls({ calls }: History, faults: Faults): string[] {
  return calls.flatMap((later, index) =>
    calls
      .slice(0, index)
      .filter((earlier) => earlier.photo === later.photo && !isExplained(earlier, later, faults))
      .map(
        (earlier) =>
          `photo ${later.photo} was paid for by ${earlier.life.name} at ${earlier.startMs} and by ${later.life.name} at ${later.startMs}`,
      ),
  );
}

function isExplained(earlier: PaidCall, later: PaidCall, faults: Faults): boolean {
  const { life, startMs, endMs = Number.POSITIVE_INFINITY, isAnswered } = earlier;
  if (endMs <= later.startMs && !isAnswered) return true;
  // The later one could not find the result, or the lease.
  if (faults.between(later.life, later.startMs - noticeMs, later.startMs)) return true;
  // A process that lives finds its own results in memory, in the store or in its journal.
  if (life === later.life) return false;
  const goneMs = life.killedMs ?? life.stoppedMs ?? Number.POSITIVE_INFINITY;
  const wasFaulty = faults.between(life, startMs - noticeMs, Math.min(endMs, later.startMs) + noticeMs);
  // It ended before the result was written.
  if (goneMs <= later.startMs && (goneMs <= endMs + resultMs.healthy || wasFaulty)) return true;
  // It had no lease, lost it, or its result waits in its journal.
  return (
    wasFaulty && later.startMs <= faults.overAt(life, Math.min(endMs, later.startMs) + noticeMs) + replayMs
  );
}

function leftovers({ endedMs, calls }: History, place: Place): string[] {
  const held = place.rows(
    `SELECT lower(hex(name)) AS name FROM leases WHERE expires_at_ms > ${startsAt + endedMs}`,
  );
  // Maintenance has a lease, too.
  const ofPhotos = new Set(calls.map(({ photo }) => sha256Of(`${resultVersion}/${hashOf(photo)}`)));
  const leases = held.filter(({ name }) => ofPhotos.has(String(name))).length;
  // A process that stops during a call leaves its lease to expire.
  const cutShort = calls.filter(
    (call) => call.endMs === undefined && call.life.killedMs === undefined,
  ).length;
  return [
    ...place.journals().map((name) => `${name} is left`),
    ...(leases > cutShort ? [`${leases} leases are left`] : []),
  ];
}
