// The configuration in force, and the form that writes the next one.

import {byId, make, say} from './dom.js';
import * as format from './format.js';

let seen = null; // the configuration that the form was filled from
let latest = null;

const inputs = () => [...byId('config-fields').querySelectorAll('input, select')];
const changed = () => inputs().filter((input) => input.value.trim() !== input.dataset.value);

function field(setting) {
  const input = setting.choices.length > 0
    ? make('select', {}, ...setting.choices.map((choice) => make('option', {}, choice)))
    : make('input', {inputmode: 'decimal', autocomplete: 'off', spellcheck: 'false'});
  input.name = setting.key;
  input.id = `set-${setting.key}`;
  input.value = setting.value;
  input.dataset.value = setting.value;
  input.addEventListener('input', mark);
  return make('label', {class: 'field'},
    make('span', {class: 'key'}, setting.key),
    input,
    make('span', {class: 'from'}, setting.from_record ? 'by record' : 'settings file'));
}

function mark() {
  const some = changed();
  for (const input of inputs()) input.classList.toggle('changed', some.includes(input));
  byId('config-apply').disabled = some.length === 0;
  byId('config-undo').disabled = some.length === 0;
}

function fill() {
  seen = latest;
  byId('config-fields').replaceChildren(...seen.settings.map(field));
  mark();
}

function result(text, kind) {
  const element = byId('config-result');
  element.className = kind;
  element.textContent = text;
}

async function submit(event) {
  event.preventDefault();
  const settings = Object.fromEntries(changed().map((input) => [input.name, input.value.trim()]));
  if (Object.keys(settings).length === 0) return;
  byId('config-apply').disabled = true;
  result('writing…', '');
  try {
    const response = await fetch('/api/config', {
      method: 'POST',
      headers: {'Content-Type': 'application/json'},
      body: JSON.stringify({
        version: seen.version,
        settings,
        author: byId('config-author').value,
        note: byId('config-note').value,
      }),
    });
    const answer = await response.json();
    if (response.ok) {
      result(answer.done, 'good');
      byId('config-note').value = '';
      seen = null; // the next configuration fills the form again
    } else {
      result(answer.error, 'bad');
    }
  } catch {
    result('no answer from the instance; check whether it was written before you try again', 'bad');
  }
  mark();
}

function record() {
  const {version, record: signature} = latest;
  if (signature === null) return 'The settings file is in force; no record has changed it.';
  const what = version === null
    ? `Record ${signature.offset} returned all settings to the settings file`
    : `Version ${version} is in force`;
  return `${what}, written ${format.date(signature.time_ms)}`
    + (signature.author ? ` by ${signature.author}` : '')
    + (signature.note ? `: ${signature.note}` : '');
}

function values() {
  byId('config-values').replaceChildren(...latest.settings.map((setting) => make('div', {},
    make('dt', {}, setting.key),
    make('dd', {}, make('b', {}, setting.value), ' ', make('span', {class: 'from'}, setting.from_record ? 'by record' : 'settings file')))));
}

function help() {
  const list = byId('config-help');
  if (list.childElementCount > 0) return;
  list.append(...latest.settings.flatMap((setting) =>
    [make('dt', {}, setting.key), make('dd', {}, setting.help)]));
}

export function start() {
  byId('config-form').addEventListener('submit', submit);
  byId('config-undo').addEventListener('click', () => {
    fill();
    result('', '');
  });
}

export function show(configuration, writable) {
  byId('config-form').hidden = configuration === null || !writable;
  byId('config-values').hidden = configuration === null || writable;
  byId('config-readonly').hidden = configuration === null || writable;
  if (configuration === null) {
    say('config-record', 'The pipeline is not running yet.');
    return;
  }
  const same = JSON.stringify(latest) === JSON.stringify(configuration);
  latest = configuration;
  say('config-record', record());
  byId('config-refusal').hidden = latest.refusal === null;
  if (latest.refusal !== null) {
    say('config-refusal', `Record ${latest.refusal.offset} was refused: ${latest.refusal.reason}`);
  }
  help();
  if (!writable) {
    if (!same) values();
  } else if (seen === null || (!same && changed().length === 0)) {
    fill();
  } else if (latest.version !== seen.version) {
    result(`Another configuration is now in force; Undo shows it.`, 'bad');
  }
}
