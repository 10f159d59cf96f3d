// Formats numbers and times. Unknown values are a dash.

const UNKNOWN = '–';

const known = (value) => typeof value === 'number' && Number.isFinite(value);

const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false,
});

const day = new Intl.DateTimeFormat('sv-SE', {
  year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hour12: false,
});

const whole = new Intl.NumberFormat('en', {maximumFractionDigits: 0});

export function count(value) {
  return known(value) ? whole.format(value) : UNKNOWN;
}

export function rate(value) {
  if (!known(value)) return UNKNOWN;
  return value < 9.95 ? value.toFixed(1) : whole.format(value);
}

/** Formats seconds; below one second as milliseconds. */
export function duration(seconds) {
  if (!known(seconds)) return UNKNOWN;
  return seconds < 0.9995 ? `${whole.format(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}

export function ratio(value) {
  return known(value) ? value.toFixed(2) : UNKNOWN;
}

export function percent(value, decimals = 0) {
  return known(value) ? `${(100 * value).toFixed(decimals)} %` : UNKNOWN;
}

export function time(ms) {
  return clock.format(new Date(ms));
}

export function date(ms) {
  return day.format(new Date(ms));
}

/** Formats a time span in its two largest units. */
export function span(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
