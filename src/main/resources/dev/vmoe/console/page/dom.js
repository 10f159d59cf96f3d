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
