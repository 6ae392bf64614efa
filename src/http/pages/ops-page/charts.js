/* global uPlot */
import { say } from './words.js';

const drawn = new Map();

/** Each chart: series by name, colour and value. */
const charts = {
  photos: [
    ['hits', '--hit', (point) => point.hits],
    ['LLM', '--llm', (point) => point.llm],
    ['local', '--local', (point) => point.local],
    ['failed', '--failed', (point) => point.failed],
  ],
  rate: [
    ['hit rate', '--hit', (point) => (point.hits + point.misses === 0 ? null : point.hit_rate * 100)],
    ['degraded', '--local', (point) => (point.hits + point.misses === 0 ? null : point.degraded_share * 100)],
  ],
  latency: [
    ['p50', '--hit', (point) => (point.misses === 0 ? null : point.p50_ms)],
    ['p95', '--llm', (point) => (point.misses === 0 ? null : point.p95_ms)],
    ['p99', '--failed', (point) => (point.misses === 0 ? null : point.p99_ms)],
  ],
  money: [
    ['spent', '--failed', (point) => point.llm_cost],
    ['saved', '--hit', (point) => point.llm_cost_saved],
  ],
};

/** Draws all four anew: a few hundred points are quick, and colours and width may have changed. */
export function drawCharts(points) {
  if (points.length < 2) return;
  for (const [name, series] of Object.entries(charts)) drawChart(name, series, points);
}

const linear = uPlot.paths.linear();
/** The last step is under way: the solid line ends before it. */
const finishedPath = (plot, index, first, last) =>
  linear(plot, index, first, Math.min(last, plot.data[0].length - 2));

/** Joins the step under way to the last one that has a value, with a dashed line. */
function drawUnfinished(plot, index) {
  const values = plot.data[index];
  const last = values.length - 1;
  const before = values.findLastIndex((value, at) => at < last && value !== null);
  if (before < 0 || values[last] === null) return;
  const { ctx } = plot;
  const place = (at) => [plot.valToPos(plot.data[0][at], 'x', true), plot.valToPos(values[at], 'y', true)];
  ctx.save();
  ctx.strokeStyle = plot.series[index].stroke();
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(...place(before));
  ctx.lineTo(...place(last));
  ctx.stroke();
  ctx.restore();
}

/** How uPlot writes times, from the length between two marks on: hours and minutes, or days; the year or day below. */
const clock = [
  [86_400, '{MM}-{DD}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', '\n{YYYY}-{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
];

function drawChart(name, series, points) {
  const place = document.getElementById(`chart-${name}`);
  const width = place.clientWidth;
  if (width === 0) return;
  const data = [
    points.map(({ at }) => Date.parse(at) / 1000),
    ...series.map(([, , value]) => points.map(value)),
  ];
  drawn.get(name)?.destroy();
  const axis = {
    stroke: colour('--soft'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const options = {
    width,
    height: 180,
    series: [
      { label: say('When') },
      ...series.map(([label, stroke, value]) => ({
        label: say(label),
        stroke: colour(stroke),
        width: 2,
        paths: finishedPath,
        // A time without photos has no rate; the line goes on to the next that has one.
        spanGaps: true,
        points: { show: points.filter((point) => value(point) !== null).length < 40, size: 5 },
      })),
    ],
    hooks: { drawSeries: [drawUnfinished] },
    axes: [
      { ...axis, values: clock },
      { ...axis, size: 60 },
    ],
    scales: { y: { range: (_, __, highest) => [0, highest > 0 ? highest * 1.05 : 1] } },
  };
  drawn.set(name, new uPlot(options, data, place));
}

/** A colour of the theme, as a canvas takes it. */
function colour(name) {
  const probe = document.createElement('i');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
