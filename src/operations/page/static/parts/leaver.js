/** How the parts of a departure are shown. */
import { html } from './html.js';
import { Countdown, Time } from './time.js';

export const STEP_TITLES = [
  ['signIn', 'Sign-in'],
  ['sessions', 'Sessions'],
  ['groups', 'Groups'],
  ['crm', 'CRM'],
  ['chat', 'Chat'],
  ['archive', 'Archive'],
  ['deactivation', 'Deactivation'],
];

/** Sign, words and tone of each status. */
const STATUSES = {
  done: ['✓', 'done', 'good'],
  running: ['…', 'running', ''],
  parked: ['!', 'needs a person', 'bad'],
  skipped: ['–', 'skipped', 'warn'],
  notFound: ['?', 'not found', 'warn'],
  wouldDo: ['○', 'would do', ''],
  off: ['–', 'off', 'faint'],
  notSupported: ['?', 'cannot be ended', 'warn'],
  undone: ['↺', 'undone', ''],
  pending: ['·', 'not yet', 'faint'],
};

export function StepStatus({ step, leftAt }) {
  const { status, at, detail } = step ?? { status: 'off' };
  const [sign, words, tone] = STATUSES[status] ?? ['', status, ''];
  return html`<span class=${`step ${tone}`} title=${detail ?? words}>
    <span aria-hidden="true" class="sign">${sign}</span>
    ${
      status === 'done' && at
        ? html`<span class="unseen">done </span><${Time} at=${at} beside=${leftAt} far=${false} />`
        : html`<span class=${tone === 'faint' ? 'unseen' : ''}>${words}</span>`
    }
    ${status !== 'done' && detail && html`<span class="unseen">: ${detail}</span>`}
  </span>`;
}

/** The hour: how long it took, or how long is left. */
export function AccessEnded({ leaver: { accessEndedAt, leftAt, minutes, isLate, limitAt, outcome } }) {
  if (accessEndedAt)
    return html`<span class=${isLate ? 'bad' : 'good'}>
      ${minutes === null ? 'ended' : minutes < 1 ? 'within a minute' : `after ${Math.round(minutes)} min`}${isLate ? ', late' : ''}
    </span> <span class="under"><${Time} at=${accessEndedAt} beside=${leftAt} far=${false} /></span>`;
  if (outcome) return html`<span class="faint">${outcome}</span>`;
  return html`<${Countdown} limitAt=${limitAt} />`;
}
