// Exchanges the token for a cookie, then loads the requested page.

import {byId, say} from './dom.js';

byId('login').addEventListener('submit', async (event) => {
  event.preventDefault();
  let error;
  try {
    const response = await fetch('/api/login', {
      method: 'POST',
      headers: {'Content-Type': 'application/json'},
      body: JSON.stringify({token: byId('token').value}),
    });
    if (response.ok) {
      location.reload();
      return;
    }
    error = (await response.json()).error;
  } catch {
    error = 'The instance does not answer.';
  }
  byId('banner').hidden = false;
  say('banner', error);
});
