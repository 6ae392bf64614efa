import { drawCharts } from './charts.js';
import { drawCalls, drawPanels, drawSavings, drawTiles, table } from './panels.js';
import { locale, say, timeOf } from './words.js';

const byId = (id) => document.getElementById(id);
const ranges = byId('range');
let token = tokenOfLink() ?? sessionStorage.getItem('ops-token') ?? '';
let points = [];
let isRangeChosen = false;
let lost;

/** The link of the banner brings the token behind a #: it is kept, and leaves the address bar and the history. */
function tokenOfLink() {
  const brought = new URLSearchParams(location.hash.slice(1)).get('token');
  if (!brought) return undefined;
  sessionStorage.setItem('ops-token', brought);
  history.replaceState(null, '', location.pathname + location.search);
  return brought;
}

function headers() {
  const language = { 'accept-language': document.documentElement.lang };
  return token === '' ? language : { ...language, authorization: `Bearer ${token}` };
}

async function ask(path, signal = AbortSignal.timeout(silenceMs)) {
  const response = await fetch(path, { headers: headers(), cache: 'no-store', signal });
  if (response.ok) return response;
  const { detail = response.statusText } = await response.json().catch(() => ({}));
  throw Object.assign(new Error(detail), { status: response.status });
}

function report(state, words) {
  byId('status').dataset.state = state;
  byId('status').textContent = words;
}

function askForToken(problem) {
  byId('figures').hidden = true;
  byId('sign-in').hidden = false;
  byId('sign-in-problem').textContent = problem;
  report('lost', say('signed out'));
  byId('token').focus();
}

/** The series of the chosen range, in some 70 steps: fewer photos than that would draw a comb. */
async function refreshSeries() {
  const seconds = Number(ranges.value);
  const to = Math.floor(Date.now() / 1000) + 1;
  const step = Math.ceil(seconds / 72 / 60) * 60;
  const answer = await ask(`/api/v1/stats/timeseries?from=${to - seconds}&to=${to}&step=${step}`);
  points = (await answer.json()).data.points;
  if (narrowed()) return refreshSeries();
  drawTiles(byId('tiles'), points);
  drawCharts(points);
}

/** At first: a service whose first photo came within the last hour shows that hour. */
function narrowed() {
  if (isRangeChosen) return false;
  isRangeChosen = true;
  const hourAgo = Date.now() - 3_600_000;
  if (points.some(({ at, photos }) => photos > 0 && Date.parse(at) < hourAgo)) return false;
  ranges.value = '3600';
  return true;
}

function choose(range) {
  isRangeChosen = true;
  ranges.value = range;
  void refresh();
}

async function refreshCalls() {
  drawCalls((await (await ask('/api/v1/stats/inference-method')).json()).data);
}

async function refreshSavings() {
  drawSavings((await (await ask('/api/v1/stats/savings')).json()).data);
}

async function refreshFeedback() {
  const { items = [] } = await (await ask('/api/v1/feedback')).json();
  const rows = items
    .slice(0, 20)
    .map((one) => [new Date(one.at).toLocaleString(locale), one.answered ?? '', one.category]);
  table(byId('feedback'), ['When', 'Answered', 'Right'], rows, 'No client has corrected an answer.');
}

let refreshedAt = Date.now();
async function refresh() {
  try {
    await Promise.all([refreshSeries(), refreshCalls(), refreshSavings(), refreshFeedback()]);
    refreshedAt = Date.now();
  } catch {
    // The status says how old the figures are.
  }
}

/** An event comes every two seconds; without one for as long, the connection is taken for broken. */
const silenceMs = 10_000;

/** Server-sent events by fetch: EventSource can't send a token, and a token has no place in an address. */
async function listen() {
  const controller = new AbortController();
  let silence;
  const waitForNews = () => {
    clearTimeout(silence);
    silence = setTimeout(() => controller.abort(), silenceMs);
  };
  try {
    waitForNews();
    const response = await ask('/ops/events', controller.signal);
    byId('sign-in').hidden = true;
    byId('figures').hidden = false;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      waitForNews();
      text += value;
      const events = text.split('\n\n');
      text = events.pop();
      for (const event of events) if (event.startsWith('data: ')) show(JSON.parse(event.slice(6)));
    }
  } finally {
    clearTimeout(silence);
  }
}

/** Beyond this age the figures of the range are no longer called live. */
const staleMs = 30_000;
let seriesAt = 0;
let liveAt;
function show(live) {
  const time = timeOf(live.at);
  if (live.problem)
    report(
      'lost',
      say('{problem} Figures of today are from {time}.', { problem: say(live.problem), time: age() }),
    );
  else {
    liveAt = live.at;
    if (Date.now() - refreshedAt < staleMs) report('live', say('live, {time}', { time }));
    else
      report('lost', say('live, {time}; charts are from {earlier}', { time, earlier: timeOf(refreshedAt) }));
  }
  drawPanels(live);
  if (Date.now() - seriesAt < 10_000) return;
  seriesAt = Date.now();
  void refresh();
}

const age = () => (liveAt ? timeOf(liveAt) : '–');

async function run() {
  clearTimeout(lost);
  try {
    await listen();
  } catch (error) {
    if (error.status === 401 || error.status === 403) {
      askForToken(
        token === ''
          ? say(
              'The token is the value of OPS_TOKEN; if none is set, the file ops-token in the data folder holds it.',
            )
          : error.message,
      );
      return;
    }
  }
  report('lost', say('Not connected. All figures are from {time}.', { time: age() }));
  lost = setTimeout(run, 2000);
}

byId('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  token = byId('token').value.trim();
  sessionStorage.setItem('ops-token', token);
  byId('token').value = '';
  void run();
});

addEventListener('hashchange', () => {
  const brought = tokenOfLink();
  if (brought === undefined || !byId('figures').hidden) return;
  token = brought;
  void run();
});

ranges.addEventListener('change', () => choose(ranges.value));

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

function nameTheme() {
  byId('theme').textContent = isDark() ? say('Light') : say('Dark');
}

function switchTheme() {
  document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
  localStorage.setItem('ops-theme', document.documentElement.dataset.theme);
  nameTheme();
  drawCharts(points);
}

byId('theme').addEventListener('click', switchTheme);
addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input, select')) return;
  if (event.key === 'd') switchTheme();
  const option = ranges.options[Number(event.key) - 1];
  if (!/^[1-6]$/.test(event.key) || !option) return;
  choose(option.value);
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  nameTheme();
  drawCharts(points);
});
new ResizeObserver(() => drawCharts(points)).observe(byId('charts'));

/** What scrolls takes the keyboard, and says what it is. */
function letKeysScroll() {
  for (const place of document.querySelectorAll('.scroll')) {
    const scrolls = place.scrollWidth > place.clientWidth || place.scrollHeight > place.clientHeight;
    if (scrolls === (place.tabIndex === 0)) continue;
    if (!scrolls) for (const name of ['tabindex', 'role', 'aria-label']) place.removeAttribute(name);
    else {
      place.tabIndex = 0;
      place.role = 'region';
      place.ariaLabel = place.parentElement.querySelector('h2').textContent;
    }
  }
}
new MutationObserver(letKeysScroll).observe(byId('tables'), { childList: true, subtree: true });
addEventListener('resize', letKeysScroll);

const theme = localStorage.getItem('ops-theme');
if (theme) document.documentElement.dataset.theme = theme;
nameTheme();
void run();
