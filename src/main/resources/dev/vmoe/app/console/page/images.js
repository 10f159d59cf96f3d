// Images of one of the newest batches. Skipped patches are covered: their tokens got no slot.

import {byId, make, named, say} from './dom.js';
import * as format from './format.js';

const PAUSE_MS = 1500;

let key = '';
let batch = null;
let layer = 0;
let held = false;

const COVER = [112, 118, 130, 215];

function cover(digits, columns) {
  const canvas = make('canvas', {width: columns, height: columns, 'aria-hidden': 'true'});
  const context = canvas.getContext('2d');
  const pixels = context.createImageData(columns, columns);
  for (let patch = 0; patch < digits.length; patch++) {
    if (digits[patch] === '0') pixels.data.set(COVER, 4 * patch);
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

function covered(image) {
  const digits = image.kept[layer] ?? '';
  return {digits, skipped: [...digits].filter((kept) => kept === '0').length};
}

function tile(image) {
  const {digits, skipped} = covered(image);
  const [best, ...rest] = image.top;
  const right = image.label === null ? null : image.label === best.label;
  const patches = digits.length === 0
    ? ''
    : `${skipped} of ${digits.length} patches are covered: skipped, they got no expert of the block`;
  const picture = make('div', {class: 'picture'}, make('img', {
    src: `data:image/png;base64,${image.png}`,
    alt: `Image at ${image.topic}/${image.partition}/${image.offset}, taken for ${best.label}. ${patches}`,
  }));
  if (digits.length > 0 && batch.columns > 0) picture.append(cover(digits, batch.columns));
  const verdict = right === null ? '' : right ? '✓ ' : '✗ ';
  const text = make('div', {class: 'text'},
    make('p', {class: right === false ? 'class wrong' : 'class'}, verdict, named(best.label)),
    make('p', {class: 'beside'}, format.percent(best.score), ...(right === false
      ? [', labelled ', named(image.label)]
      : rest.length === 0 ? [] : [', then ', named(rest[0].label), ` ${format.percent(rest[0].score)}`])),
    make('p', {class: 'beside'}, digits.length === 0 ? '' : `${skipped}/${digits.length} patches skipped`));
  return make('li', {}, picture, text);
}

function chooser() {
  const fieldset = byId('layers');
  const blocks = batch.blocks.join();
  if (fieldset.dataset.blocks === blocks) return;
  fieldset.dataset.blocks = blocks;
  fieldset.hidden = batch.blocks.length === 0;
  layer = Math.min(layer, Math.max(0, batch.blocks.length - 1));
  fieldset.replaceChildren(make('legend', {}, 'MoE block'), ...batch.blocks.map((block, i) => {
    const input = make('input', {type: 'radio', name: 'layer', value: i});
    input.checked = i === layer;
    return make('label', {}, input, make('span', {}, String(block)));
  }));
}

function draw() {
  chooser();
  say('images-caption',
    `${batch.images.length} of the ${batch.batch_size} images of batch ${batch.id}, as ${batch.model} saw them`
      + ` · capacity ratio ${format.ratio(batch.effective_capacity_ratio)} in effect, K ${batch.experts_per_token}`
      + (batch.blocks.length === 0 ? '' : ' · grey: skipped patches, which got no expert of the block'));
  byId('images').replaceChildren(...batch.images.map(tile));
}

async function poll() {
  if (!held && !document.hidden) {
    try {
      const response = await fetch(`/api/images?has=${encodeURIComponent(key)}`);
      if (response.status === 200) {
        ({key, batch} = await response.json());
        draw();
      }
    } catch {
      // the banner shows it
    }
  }
  setTimeout(poll, PAUSE_MS);
}

export function start() {
  byId('layers').addEventListener('change', (event) => {
    layer = Number(event.target.value);
    draw();
  });
  byId('freeze').addEventListener('click', () => {
    held = !held;
    byId('freeze').setAttribute('aria-pressed', String(held));
    byId('freeze').textContent = held ? 'Go on' : 'Hold still';
  });
  poll();
}
