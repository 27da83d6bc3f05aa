import { createHash } from 'node:crypto';

/**
 * What a browser gets, with status 401, that has no session yet: nothing of ours but a field for a token. A token in the fragment of the
 * address, as `mt dev` prints it, never reaches a server's log, and is removed from the address.
 */
const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { display: grid; place-items: center; min-height: 90vh; margin: 0 1rem; }
form { display: grid; gap: 0.75rem; width: min(24rem, 100%); }
h1 { font-size: 1.25rem; margin: 0; }
p { margin: 0; }
input, button { font: inherit; padding: 0.5rem 0.75rem; }
`;

const SCRIPT = `
const form = document.querySelector('form');
const message = document.querySelector('[role=alert]');
const given = new URLSearchParams(location.hash.slice(1)).get('token');
async function logIn(token) {
  message.textContent = '';
  try {
    const response = await fetch('/api/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    if (response.ok) return location.reload();
    const problem = await response.json().catch(() => ({}));
    message.textContent = problem.detail ?? 'This did not work.';
  } catch {
    message.textContent = 'The server cannot be reached.';
  }
  form.token.focus();
}
form.addEventListener('submit', (event) => {
  event.preventDefault();
  void logIn(form.token.value.trim());
});
if (given !== null) {
  history.replaceState(null, '', location.pathname + location.search);
  void logIn(given);
}
`;

export const LOGIN_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in · Operations</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<form>
<h1>Operations</h1>
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Log in</button>
<p role="alert"></p>
<p>An administrator of this server can give you a token: it is one of <code>OPS_TOKENS</code>.</p>
</form>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;

/** Its own script and style, known by their digests, and nothing else. */
export const LOGIN_POLICY = [
  "default-src 'none'",
  `script-src ${digestOf(SCRIPT)}`,
  `style-src ${digestOf(STYLE)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function digestOf(source: string): string {
  return `'sha256-${createHash('sha256').update(source).digest('base64')}'`;
}
