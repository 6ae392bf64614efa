import { drawCharts } from './charts.js';
import { drawCalls, drawPanels, drawTiles, table } from './panels.js';

const byId = (id) => document.getElementById(id);
const ranges = byId('range');
let token = tokenOfLink() ?? sessionStorage.getItem('ops-token') ?? '';
let points = [];
let lost;

/** The link of the banner brings the token behind a #: it is kept, and leaves the address bar and the history. */
function tokenOfLink() {
  const brought = new URLSearchParams(location.hash.slice(1)).get('token');
  if (!brought) return undefined;
  sessionStorage.setItem('ops-token', brought);
  history.replaceState(null, '', location.pathname);
  return brought;
}

function headers() {
  return token === '' ? {} : { authorization: `Bearer ${token}` };
}

async function ask(path) {
  const response = await fetch(path, { headers: headers(), cache: 'no-store' });
  if (response.ok) return response;
  const { detail = response.statusText } = await response.json().catch(() => ({}));
  throw Object.assign(new Error(detail), { status: response.status });
}

function say(state, words) {
  byId('status').dataset.state = state;
  byId('status').textContent = words;
}

function askForToken(problem) {
  byId('figures').hidden = true;
  byId('sign-in').hidden = false;
  byId('sign-in-problem').textContent = problem;
  say('lost', 'signed out');
  byId('token').focus();
}

/** The series of the chosen range, in some 70 steps: fewer photos than that would draw a comb. */
async function refreshSeries() {
  const seconds = Number(ranges.value);
  const to = Math.floor(Date.now() / 1000) + 60;
  const step = Math.ceil(seconds / 72 / 60) * 60;
  const answer = await ask(`/api/v1/stats/timeseries?from=${to - seconds}&to=${to}&step=${step}`);
  points = (await answer.json()).data.points;
  drawTiles(byId('tiles'), points);
  drawCharts(points);
}

async function refreshCalls() {
  drawCalls((await (await ask('/api/v1/stats/inference-method')).json()).data);
}

async function refreshFeedback() {
  const { items = [] } = await (await ask('/api/v1/feedback')).json();
  const rows = items
    .slice(0, 20)
    .map((one) => [new Date(one.at).toLocaleString(), one.answered ?? '', one.category]);
  table(byId('feedback'), ['When', 'Answered', 'Right'], rows, 'No client has corrected an answer.');
}

/** Server-sent events by fetch: EventSource can't send a token, and a token has no place in an address. */
async function listen() {
  const response = await ask('/ops/events');
  byId('sign-in').hidden = true;
  byId('figures').hidden = false;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error('the connection ended');
    text += value;
    const events = text.split('\n\n');
    text = events.pop();
    for (const event of events) if (event.startsWith('data: ')) show(JSON.parse(event.slice(6)));
  }
}

let seriesAt = 0;
function show(live) {
  say(live.problem ? 'lost' : 'live', live.problem ?? `live, ${new Date(live.at).toLocaleTimeString()}`);
  drawPanels(live);
  if (Date.now() - seriesAt < 10_000) return;
  seriesAt = Date.now();
  refreshSeries().catch(() => {});
  refreshCalls().catch(() => {});
  refreshFeedback().catch(() => {});
}

async function run() {
  clearTimeout(lost);
  try {
    await listen();
  } catch (error) {
    if (error.status === 401 || error.status === 403) {
      askForToken(token === '' ? '' : error.message);
      return;
    }
    say('lost', `not connected: ${error.message}`);
    lost = setTimeout(run, 2000);
  }
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

ranges.addEventListener('change', () => refreshSeries().catch(() => {}));

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

function nameTheme() {
  byId('theme').textContent = isDark() ? 'Light' : 'Dark';
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
  ranges.value = option.value;
  refreshSeries().catch(() => {});
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  nameTheme();
  drawCharts(points);
});
new ResizeObserver(() => drawCharts(points)).observe(byId('charts'));

const theme = localStorage.getItem('ops-theme');
if (theme) document.documentElement.dataset.theme = theme;
nameTheme();
void run();
