/* global uPlot */
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

/**
 * Draws all four anew: a few hundred points are quick, and colours and width may have changed. The last step is under
 * way: it would look as if everything came to an end.
 */
export function drawCharts(points) {
  const over = points.slice(0, -1);
  if (over.length === 0) return;
  for (const [name, series] of Object.entries(charts)) drawChart(name, series, over);
}

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
      {},
      ...series.map(([label, stroke, value]) => ({
        label,
        stroke: colour(stroke),
        width: 2,
        // A time without photos has no rate; the line goes on to the next that has one.
        spanGaps: true,
        points: { show: points.filter((point) => value(point) !== null).length < 40, size: 5 },
      })),
    ],
    axes: [axis, { ...axis, size: 60 }],
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
