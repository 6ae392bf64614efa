import { locale, say, timeOf } from './words.js';

const byId = (id) => document.getElementById(id);
const number = new Intl.NumberFormat(locale);
const percent = (share) => `${(share * 100).toFixed(1)} %`;
const money = (amount) => amount.toFixed(amount < 10 ? 4 : 2);
const kilobytes = (bytes) => (bytes === undefined ? '–' : `${number.format(Math.round(bytes / 1000))} kB`);

/** Of all sums, once it is known. */
let currency = '';

/** What a server says goes into the page as text only. */
function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** @param head none where each row begins with its name; @param rows lists of cells; a cell with `bad` is marked */
export function table(place, head, rows, empty) {
  if (rows.length === 0) {
    place.replaceChildren(element('p', say(empty)));
    return;
  }
  const made = document.createElement('table');
  const row = (cells, kind, first = kind) => {
    const line = document.createElement('tr');
    const made = cells.map((cell, column) =>
      element(column === 0 ? first : kind, cell?.text ?? cell, cell?.bad ? 'bad' : undefined),
    );
    line.append(...made);
    return line;
  };
  if (head.length > 0)
    made.createTHead().append(
      row(
        head.map((name) => say(name)),
        'th',
      ),
    );
  const body = made.createTBody();
  body.append(...rows.map((cells) => row(cells, 'td', head.length > 0 ? 'td' : 'th')));
  place.replaceChildren(made);
}

/** The range in a few figures. */
export function drawTiles(place, points) {
  const sum = (name) => points.reduce((total, point) => total + point[name], 0);
  const answered = sum('hits') + sum('misses');
  const share = (part) => (answered === 0 ? '–' : percent(part / answered));
  const tiles = [
    ['Photos', number.format(sum('photos'))],
    ['Hit rate', share(sum('hits'))],
    ['Spent', money(sum('llm_cost')), 'currency'],
    ['Saved', money(sum('llm_cost_saved')), 'currency'],
    ['LLM calls', number.format(sum('llm_calls'))],
    ['Degraded', share(sum('degraded'))],
    ['Failed', number.format(sum('failed'))],
    ['Not uploaded', `${number.format(Math.round(sum('bytes_not_uploaded') / 1e6))} MB`],
  ];
  place.replaceChildren(
    ...tiles.map(([name, value, unit]) => {
      const tile = document.createElement('div');
      tile.append(element('strong', value), element('span', `${say(name)} `));
      if (unit) tile.append(element('small', currency, unit));
      return tile;
    }),
  );
}

export function drawPanels({ state, today, failures }) {
  drawState(state);
  if (!today) return;
  const kinds = Object.entries(today.hits_by_kind).filter(([, n]) => n > 0);
  table(
    byId('hits'),
    ['Answered by', 'Photos'],
    [
      ...kinds,
      ['LLM', today.llm],
      ['local model', today.local],
      ['look-ups that missed', today.lookup_misses],
    ].map(([name, n]) => [say(name), number.format(n)]),
    '',
  );
  table(
    byId('latency'),
    ['By', 'Photos', 'p50', 'p95', 'p99'],
    Object.entries(today.latency_ms).map(([name, one]) => [
      say(name),
      number.format(one.count),
      one.p50,
      one.p95,
      one.p99,
    ]),
    'No photo yet today.',
  );
  table(
    byId('errors'),
    ['Reason', 'Photos'],
    Object.entries(today.errors).map(([code, n]) => [code, number.format(n)]),
    'No photo failed today.',
  );
  table(
    byId('categories'),
    ['Category', 'Photos', 'Share', 'Confidence'],
    today.categories.map((one) => [
      one.category,
      number.format(one.count),
      `${one.percentage} %`,
      one.avg_confidence,
    ]),
    'No photo yet today.',
  );
  table(
    byId('failures'),
    ['When', 'Reason', 'Size', 'Took', 'Request'],
    failures.map((one) => [
      timeOf(one.at),
      { text: one.errorCode, bad: true },
      kilobytes(one.sizeBytes),
      `${number.format(one.durationMs)} ms`,
      one.requestId,
    ]),
    'No photo failed in the last hour.',
  );
  const { compared, share } = today.agreement;
  table(
    byId('trust'),
    [],
    [
      [say('Both models compared today'), number.format(compared)],
      [say('They agree on'), compared === 0 ? '–' : percent(share)],
      [say('Users today'), number.format(today.unique_users)],
    ],
    '',
  );
}

const modelWarnings = {
  shut_down: 'shut down {shutdown}',
  shuts_down_soon: '{shutdown}, in {daysLeft} days',
  unknown: 'unknown to its vendor',
};

function modelEnd(state) {
  if (state.warning) return { text: say(modelWarnings[state.warning], state), bad: true };
  return state.shutdown ?? '–';
}

const sayText = ({ sentence, values }) => say(sentence, values);

function lastFailure({ lastFailure: failure, circuitCause }) {
  const cause = circuitCause && sayText(circuitCause);
  if (!failure) return cause ?? '–';
  const { text, count, since, at, overAt } = failure;
  const what = sayText(text);
  const calls =
    count === 1
      ? say('at {time}', { time: timeOf(at) })
      : say('{count} calls, {since} to {time}', {
          count: number.format(count),
          since: timeOf(since),
          time: timeOf(at),
        });
  const parts = [`${what}${say(', ')}${calls}`];
  if (overAt) parts.push(say('answered again {time}', { time: timeOf(overAt) }));
  if (cause && cause !== what) parts.push(say('the circuit opened: {cause}', { cause }));
  return { text: parts.join(say('; ')), bad: !overAt };
}

function drawState({ isStoreUp, claimTrust, children, llm, albumLane }) {
  const providers = (llm?.providers ?? []).map((one) => {
    return [
      one.name,
      one.model,
      modelEnd(one.modelState),
      { text: say(one.circuit), bad: one.circuit !== 'closed' },
      `${one.limiter.inFlight} / ${one.limiter.limit}`,
      number.format(one.limiter.waiting),
      { text: number.format(one.healthyKeys), bad: one.healthyKeys === 0 },
      lastFailure(one),
    ];
  });
  table(
    byId('providers'),
    ['Name', 'Model', 'Ends', 'Circuit', 'Calls', 'Waiting', 'Keys', 'Last failure'],
    providers,
    'No LLM is configured: the local model answers.',
  );
  const rows = [
    [say('Store'), { text: isStoreUp ? say('up') : say('down'), bad: !isStoreUp }],
    [say('Children busy'), `${children.busy} / ${children.size}`],
    [
      say('Children ready'),
      { text: `${children.ready} / ${children.size}`, bad: children.ready < children.size },
    ],
    [say('Photos waiting'), number.format(children.queued)],
  ];
  if (albumLane) rows.push([say('Photos in the album lane'), number.format(albumLane.photos)]);
  if (claimTrust === 'all')
    rows.push([
      say('Claims'),
      { text: say('any caller’s claim answers all callers (CLAIM_TRUST=all)'), bad: true },
    ]);
  if (llm?.dailyBudget !== undefined) rows.push([say('Budget a day'), money(llm.dailyBudget)]);
  if (llm?.isOverBudget) rows.push([say('Budget'), { text: say('used up'), bad: true }]);
  currency = llm?.currency ?? '';
  for (const place of document.querySelectorAll('.currency')) place.textContent = currency;
  table(byId('queue'), [], rows, '');
}

/** How calls to LLMs ended, each with what it is for the photo. */
export function drawCalls({ llm_calls, fallbacks }) {
  const of = (kind, counts, isBad) =>
    Object.entries(counts).map(([name, n]) => [
      { text: say(name.replaceAll('_', ' ')), bad: isBad(name) },
      say(kind),
      number.format(n),
    ]);
  table(
    byId('calls'),
    ['Outcome', 'Of', 'Number'],
    [...of('calls', llm_calls, (name) => name !== 'answered'), ...of('local instead', fallbacks, () => true)],
    'No LLM was asked today.',
  );
}

/** What would cost less, and how accurate that would be. */
export function drawSavings({ compared, is_enough: isEnough, sure_share: sure, month, ...options }) {
  const { agreement_when_sure: whenSure, local_first: localFirst, album_lane: albumLane } = options;
  const within = ({ share, low, high }) =>
    high - low === 1
      ? '–'
      : say('{share} ({low} to {high})', { share: percent(share), low: percent(low), high: percent(high) });
  const amount = (value) => `${money(value)} ${currency}`;
  const rows = [
    [say('Both models compared'), { text: number.format(compared), bad: !isEnough }],
    [say('Local model is sure of'), percent(sure)],
    [say('They then agree on'), within(whenSure)],
    [say('Cost at the traffic of the last 24 hours'), amount(month.cost)],
    [say('Of it, where they agree and the local model is sure'), amount(month.cost_of_sure_and_agreed)],
    [say('STRATEGY=local-first saves'), amount(localFirst.saves)],
    [say('Agreement with the LLM is then'), within(localFirst.agreement)],
    [say('The album lane saves at most'), amount(albumLane.saves)],
  ];
  const empty = 'No photo was compared yet: SHADOW_PERCENT sets how many are.';
  table(byId('savings'), [], compared === 0 ? [] : rows, empty);
}
