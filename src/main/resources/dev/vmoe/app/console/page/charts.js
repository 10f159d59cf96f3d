// The last minutes as four charts that share their time axis and their cursor.

import uPlot from '/uplot/dist/uPlot.esm.js';
import {byId, make, onChoice} from './dom.js';
import * as format from './format.js';

const HEIGHT = 180;

/** Minimum time shown, so that the first two points do not fill the whole width. */
const MIN_SECONDS = 60;

const stepped = uPlot.paths.stepped({align: 1});

/** The charts: fields of a point, each with a colour of the style sheet. */
const CHARTS = [
  {
    title: 'Throughput', unit: 'images/s', value: format.rate,
    series: [
      {label: 'arrive', field: 'arrivals', colour: '--line-2'},
      {label: 'answered', field: 'answered', colour: '--line-1', fill: true},
      {label: 'attainable at the best point', field: 'best', colour: '--line-4', dash: [4, 4]},
    ],
  },
  {
    title: 'Backlog', unit: 'images', value: format.count,
    series: [{label: 'waiting', field: 'backlog', colour: '--line-1', fill: true}],
  },
  {
    title: 'Latency', unit: 'ms', scale: 1000,
    value: (ms) => format.count(ms),
    series: [
      {label: 'p50', field: 'p50', colour: '--line-1'},
      {label: 'p99', field: 'p99', colour: '--line-3'},
      {label: 'target', field: 'target', colour: '--line-4', dash: [4, 4]},
    ],
  },
  {
    title: 'Operating point', unit: 'capacity ratio, K', value: format.ratio,
    series: [
      {label: 'ratio in effect', field: 'effective', colour: '--line-1', paths: stepped},
      {label: 'K', field: 'experts_per_token', colour: '--line-2', paths: stepped, dash: [2, 3]},
    ],
  },
];

const FIELDS = ['time', ...new Set(CHARTS.flatMap((chart) => chart.series.map((s) => s.field)))];

/** Points since the page was opened, a column for each field; times in seconds. */
const columns = Object.fromEntries(FIELDS.map((field) => [field, []]));
const MAX_POINTS = 600;

let spanSeconds = 300;
let plots = [];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function translucent(name) {
  return `color-mix(in srgb, ${colour(name)} 16%, transparent)`;
}

function options(chart, width) {
  const axis = {
    stroke: colour('--muted'),
    font: '12px system-ui, sans-serif',
    grid: {stroke: colour('--grid'), width: 1},
    ticks: {show: false},
  };
  return {
    width,
    height: HEIGHT,
    padding: [10, 10, 0, 0],
    cursor: {sync: {key: 'time'}, drag: {x: false, y: false}, points: {size: 6}},
    legend: {live: true},
    scales: {
      x: {range: () => shown()},
      y: {range: (plot, min, max) => [0, niceTop(max)]},
    },
    axes: [
      {...axis, size: 28, values: (plot, splits) => splits.map((s) => format.time(s * 1000)), space: 90, incrs: [15, 30, 60, 120, 300]},
      {...axis, size: 56, values: (plot, splits) => splits.map((s) => axisText(s)), space: 34},
    ],
    series: [
      {label: 'time', value: (plot, s) => (s ? format.time(s * 1000) : '–')},
      ...chart.series.map((series) => ({
        label: series.label,
        stroke: colour(series.colour),
        fill: series.fill ? translucent(series.colour) : undefined,
        width: 1.75,
        dash: series.dash,
        paths: series.paths,
        points: {show: false},
        spanGaps: false,
        value: (plot, value) => chart.value(value),
      })),
    ],
  };
}

function axisText(value) {
  return value >= 1000 ? `${+(value / 1000).toFixed(1)}k` : String(+value.toFixed(2));
}

/** Returns a rounded upper end of an axis, so that it does not change with every point. */
function niceTop(max) {
  if (!(max > 0)) return 1;
  const step = 10 ** Math.floor(Math.log10(max)) / 4;
  return Math.ceil((max * 1.08) / step) * step;
}

function shown() {
  const times = columns.time;
  const last = times.length > 0 ? times[times.length - 1] : Date.now() / 1000;
  const first = times.length > 0 ? times[0] : last;
  return [Math.max(last - spanSeconds, Math.min(first, last - MIN_SECONDS)), last];
}

function data(chart) {
  const scale = chart.scale ?? 1;
  return [
    columns.time,
    ...chart.series.map((series) =>
      columns[series.field].map((value) => (value === null ? null : value * scale))),
  ];
}

function build() {
  const root = byId('charts');
  plots.forEach(({plot}) => plot.destroy());
  root.replaceChildren();
  plots = CHARTS.map((chart) => {
    const caption = make('figcaption', {},
      make('span', {class: 'name'}, chart.title), make('span', {class: 'unit'}, chart.unit));
    const box = make('div', {class: 'plot'});
    const figure = make('figure', {class: 'chart', role: 'img'}, caption, box);
    root.append(figure);
    const plot = new uPlot(options(chart, box.clientWidth || 300), data(chart), box);
    return {chart, figure, box, plot};
  });
  requestAnimationFrame(describe); // after the charts' own first drawing
}

/** Shows the newest values in the legend, unless a cursor is on the chart, and in the description. */
function describe() {
  const last = columns.time.length - 1;
  for (const {chart, figure, plot} of plots) {
    const pointed = plot.cursor.left >= 0 && typeof plot.cursor.idx === 'number';
    if (last >= 0 && !pointed) plot.setLegend({idx: last}, false);
    const values = chart.series.map((series) => {
      const value = last < 0 ? null : columns[series.field][last];
      return `${series.label} ${chart.value(value === null ? null : value * (chart.scale ?? 1))}`;
    });
    figure.setAttribute('aria-label', `${chart.title} in ${chart.unit}, now: ${values.join(', ')}`);
  }
}

export function start() {
  onChoice(byId('span'), (value) => {
    spanSeconds = Number(value);
    plots.forEach(({chart, plot}) => plot.setData(data(chart)));
  });
  build();
  new ResizeObserver(() => {
    for (const {box, plot} of plots) {
      if (box.clientWidth > 0 && box.clientWidth !== plot.width) {
        plot.setSize({width: box.clientWidth, height: HEIGHT});
      }
    }
  }).observe(byId('charts'));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', build);
}

/** Adds points, oldest first. */
export function add(points) {
  if (points.length === 0) return;
  for (const point of points) {
    for (const field of FIELDS) {
      columns[field].push(field === 'time' ? point.time_ms / 1000 : point[field]);
    }
  }
  for (const field of FIELDS) columns[field].splice(0, columns[field].length - MAX_POINTS);
  plots.forEach(({chart, plot}) => plot.setData(data(chart)));
  describe();
}

/** Removes all points: another instance answers now. */
export function clear() {
  for (const field of FIELDS) columns[field].length = 0;
}
