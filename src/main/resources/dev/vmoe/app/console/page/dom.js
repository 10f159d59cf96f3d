// Elements are made from text, never from markup: labels, reasons and notes come from strangers.

export const byId = (id) => document.getElementById(id);

/** Makes an element: attributes, then children, each an element or a text. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'class') element.className = value;
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Names of at most so many characters get their code points as a title: no font may have them. */
const SHORT_NAME = 4;

/** Makes a name of any script: isolated, as it may run from right to left. */
export function named(name) {
  const points = [...name].map((character) => character.codePointAt(0));
  const odd = points.length <= SHORT_NAME && points.some((point) => point > 0x7e);
  const title = points.map((point) => `U+${point.toString(16).toUpperCase().padStart(4, '0')}`).join(' ');
  return make('bdi', {title: odd ? title : null}, name);
}

/** Sets an element's text if it differs. */
export function say(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

/** Calls back with the value of the chosen radio button, now and at each change. */
export function onChoice(fieldset, callback) {
  fieldset.addEventListener('change', (event) => callback(event.target.value));
  const chosen = fieldset.querySelector('input:checked');
  if (chosen) callback(chosen.value);
}
