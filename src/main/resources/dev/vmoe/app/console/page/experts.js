// A table of experts by MoE block; the value of a cell gives its colour.

import {byId, make, onChoice} from './dom.js';
import * as format from './format.js';

let measure = 'utilization';
let shown = null;

const MEASURES = {
  utilization: {
    text: (value) => format.percent(value),
    caption: 'Share of the slots used in the last ten seconds.',
    colour: (value) => ['--heat', Math.min(1, value)],
  },
  load: {
    text: (value) => `${format.ratio(value)}×`,
    caption: 'Choices before capacity / an even share of them, in the last ten seconds.',
    colour: (value) => (value >= 1
      ? ['--heat-over', Math.min(1, (value - 1) / 0.6)]
      : ['--heat', Math.min(1, (1 - value) / 0.6)]),
  },
};

function cell(value) {
  const {text, colour} = MEASURES[measure];
  const td = make('td', {}, text(value));
  if (typeof value === 'number') {
    const [name, part] = colour(value);
    td.style.setProperty('--part', `${Math.round(72 * part)}%`);
    td.style.setProperty('--hue', `var(${name})`);
  }
  return td;
}

function draw() {
  const root = byId('experts');
  if (shown === null) {
    root.replaceChildren(make('p', {class: 'hint'}, 'No batch in the last seconds.'));
    return;
  }
  const rows = shown[measure];
  const head = make('tr', {}, make('th', {scope: 'col'}, 'block'),
    ...rows[0].map((_, expert) => make('th', {scope: 'col'}, `e${expert}`)),
    make('th', {scope: 'col', class: 'aside'}, 'dropped'));
  const body = rows.map((row, layer) => make('tr', {},
    make('th', {scope: 'row'}, String(shown.blocks[layer])),
    ...row.map(cell),
    make('td', {class: 'aside'}, format.percent(shown.dropped[layer], 1))));
  root.replaceChildren(make('table', {class: 'heat'},
    make('caption', {}, MEASURES[measure].caption), make('thead', {}, head), make('tbody', {}, ...body)));
}

export function start() {
  onChoice(byId('measure'), (value) => {
    measure = value;
    draw();
  });
}

export function show(experts) {
  shown = experts;
  draw();
}
