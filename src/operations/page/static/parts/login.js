/** Log in again, when a session has ended: what is behind the dialog stays as it was. The first time, the server asks. */
import { html, useState } from './html.js';
import { logIn } from './api.js';
import { Dialog } from './dialog.js';
import { Field, Refusal } from './form.js';

function LoginForm() {
  const [state, setState] = useState({ isBusy: false, problem: null });
  const send = async (event) => {
    event.preventDefault();
    const token = new FormData(event.target).get('token').trim();
    setState({ isBusy: true, problem: null });
    try {
      await logIn(token);
    } catch (problem) {
      setState({ isBusy: false, problem });
    }
  };
  return html`<form onSubmit=${send} aria-busy=${state.isBusy}>
    <${Field}
      label="Token"
      hint="Your administrator has it: it is one of OPS_TOKENS. On your own computer, mt dev prints a link that logs in."
      input=${(id, describedBy) =>
        html`<input id=${id} name="token" type="password" required autofocus autocomplete="current-password" aria-describedby=${describedBy} />`}
    />
    ${state.problem && html`<${Refusal} problem=${explained(state.problem)} />`}
    <footer><button type="submit" class="primary">Log in</button></footer>
  </form>`;
}

const explained = (problem) =>
  problem.status === 401 ? { status: 401, message: 'This token is not known.' } : problem;

export function LoginDialog({ title }) {
  return html`<${Dialog} title=${title} isLocked=${true} draw=${() => html`<${LoginForm} />`} />`;
}
