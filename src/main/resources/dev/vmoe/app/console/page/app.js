// Asks the instance for its status once a second, and shows it.

import * as charts from './charts.js';
import * as config from './config.js';
import {byId, make, say} from './dom.js';
import * as experts from './experts.js';
import * as format from './format.js';
import * as images from './images.js';

const PAUSE_MS = 1000;
const PATIENCE_MS = 5000;

/** Older readings of the backlog say nothing about now. */
const STALE_SECONDS = 5;

/** Share of late answers that p99 allows. */
const MAX_LATE = 0.01;

let after = 0;
let startedMs = null;
let answeredMs = null;

function health({live, ready, failures, waiting_for: waiting}) {
  const pill = byId('health');
  pill.className = `pill ${live ? (ready ? 'good' : 'waiting') : 'bad'}`;
  say('health', live ? (ready ? 'ready' : 'not ready') : 'failed');
  banner(live ? (ready ? '' : `Not ready: ${waiting.join('; ')}.`) : `Failed: ${failures.join('; ')}.`);
}

function banner(text) {
  byId('banner').hidden = text === '';
  say('banner', text);
}

function tiles(point, status) {
  say('tile-answered', `${format.rate(point.answered)} /s`);
  say('tile-arrivals', `${format.rate(point.arrivals)} /s arrive`);
  say('tile-backlog', format.count(point.backlog));
  say('tile-backlog-beside', status.load_age_seconds > STALE_SECONDS
    ? `read ${format.span(1000 * status.load_age_seconds)} ago` : 'images waiting');
  say('tile-p99', format.duration(point.p99));
  say('tile-p50', `p50 ${format.duration(point.p50)}, target ${format.duration(point.target)}, ${format.percent(point.late)} late`);
  byId('tile-latency').classList.toggle('late', isLate(point));
  say('tile-ratio', format.ratio(point.effective));
  say('tile-point', `K ${format.count(point.experts_per_token)}, ${format.ratio(point.requested)} asked for${shares(status.models)}`);
  say('tile-processed', format.percent(point.processed, 1));
  say('tile-batch', `${format.rate(point.batch_images)} images a batch`);
}

/** Which models answered in the last ten seconds; empty where there is only one. */
function shares(models) {
  return models.length < 2 ? ''
    : ` · ${models.map(({name, share}) => `${name} ${format.percent(share)}`).join(', ')}`;
}

/** Uses the share of late answers: the latency of a replay includes the age of its records. */
function isLate({target, late}) {
  return target !== null && late !== null && late > MAX_LATE;
}

function letters(list) {
  const root = byId('letters');
  const text = JSON.stringify(list);
  if (root.dataset.shown === text || (list.length === 0 && root.dataset.shown === undefined)) return;
  root.dataset.shown = text;
  root.replaceChildren(make('ul', {class: 'letters'}, ...list.map((letter) => make('li', {},
    make('span', {class: 'where'},
      `${format.time(letter.time_ms)} · ${letter.topic}/${letter.partition}/${letter.offset}`),
    make('span', {class: 'reason'}, letter.reason)))));
}

function show(status) {
  if (startedMs !== null && startedMs !== status.started_ms) charts.clear();
  startedMs = status.started_ms;
  answeredMs = Date.now();
  health(status.health);
  say('model', status.model === null ? '–'
    : status.models.length > 1 ? status.models.map((model) => model.name).sort().join(', ')
    : `${status.model.name} (${status.model.weights_hash.slice(0, 8)})`);
  say('device', status.device === null ? '–' : `${status.device.name}, ${status.device.runs}`);
  say('version', status.configuration === null ? '–'
    : status.configuration.version === null ? 'settings file' : `version ${status.configuration.version}`);
  say('uptime', format.span(status.time_ms - status.started_ms));
  if (status.history.length > 0) {
    const point = status.history[status.history.length - 1];
    after = point.time_ms;
    tiles(point, status);
    charts.add(status.history);
  } else if (status.time_ms - after > PATIENCE_MS) {
    banner(`Stale: the instance has read no metrics for ${format.span(status.time_ms - after)}.`);
  }
  say('tile-total', format.count(status.answered_total));
  say('tile-letters', `${format.count(status.dead_letters_total)} dead letters`);
  experts.show(status.experts);
  letters(status.dead_letters);
  config.show(status.configuration, status.writable);
}

function gone() {
  byId('health').className = 'pill bad';
  say('health', 'no answer');
  banner(answeredMs === null
    ? 'The instance does not answer.'
    : `The instance has not answered since ${format.time(answeredMs)}: the page shows the state of then.`);
  document.body.classList.add('gone');
}

async function poll() {
  try {
    const response = await fetch(`/api/status?after=${after}`, {signal: AbortSignal.timeout(PATIENCE_MS)});
    if (response.status === 401) { // the token has changed, or was never given
      location.reload();
      return;
    }
    if (!response.ok) throw new Error(await response.text());
    show(await response.json());
    document.body.classList.remove('gone');
  } catch {
    gone();
    after = 0;
    charts.clear();
  }
  setTimeout(poll, PAUSE_MS);
}

charts.start();
config.start();
experts.start();
images.start();
poll();
