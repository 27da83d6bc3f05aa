/** The page's style sheet. */
export const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d5d9e0, #3a3f48); --soft: light-dark(#f4f6f9, #22262d);
  --yes: light-dark(#126b35, #6fd08c); --no: light-dark(#a3261b, #ff9a8f); font: 14px/1.45 system-ui, sans-serif; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 120rem; overflow-wrap: anywhere; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; }
header p { margin: 0; } h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: .5rem 0; }
#reset { margin-left: auto; }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(28rem, 100%), 1fr)); gap: 1rem; margin: .75rem 0; }
section { border: 1px solid var(--line); border-radius: .5rem; padding: .25rem .75rem .75rem; min-width: 0; }
.state { max-height: 32rem; overflow: auto; border-top: 1px solid var(--line); }
form { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: end; margin: .5rem 0; }
form div { display: flex; flex-wrap: wrap; gap: .25rem .75rem; }
label { display: grid; font-size: .8rem; } input { width: 7rem; }
input, select, button { font: inherit; padding: .2rem .4rem; }
table { border-collapse: collapse; table-layout: fixed; width: 100%; margin-bottom: .75rem; }
caption { text-align: left; font-weight: 600; }
th, td { border-top: 1px solid var(--line); padding: .25rem .35rem; text-align: left; vertical-align: top; }
.state th:first-child { width: 38%; } .number { width: 5.8rem; } #calls { max-height: 36rem; overflow: auto; }
.at { width: 15rem; } .short { width: 7rem; }
.cut { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
small { display: block; opacity: .75; } .yes { color: var(--yes); } .no { color: var(--no); } .none { opacity: .75; }
.badge, .tag { border: 1px solid currentColor; border-radius: 1rem; padding: 0 .5rem; font-size: .8rem; font-weight: 400; }
.tag { border-color: var(--line); display: inline-block; }
.state > details { border-top: 1px solid var(--line); padding: .35rem 0; }
summary { cursor: pointer; }
.state > details > summary { display: grid; grid-template-columns: 1.2rem minmax(0, 1fr); }
.state > details > summary::before { content: '▸'; grid-row: 1 / span 2; } .state > details[open] > summary::before { content: '▾'; }
pre { background: var(--soft); border-radius: .35rem; padding: .5rem; margin: .35rem 0 0; white-space: pre-wrap; }
@media (max-width: 55rem) { .at { width: 8rem; } .day { display: none; } .short { width: 6.5rem; } }
`;

/**
 * Asks every second, and replaces what changed by what the server rendered, so that only the server renders. An element
 * that did not change is left alone; one that did keeps its scroll position, what is open in it, and the focus.
 */
export const SCRIPT = `
const status = document.getElementById('status');
const say = (text) => { if (status.textContent !== text) status.textContent = text; };
const known = new Map();
const detailsIn = (element) => [...element.querySelectorAll('details')];
const renew = (element) => {
  const old = document.getElementById(element.id);
  if (known.get(element.id) === element.outerHTML) return;
  known.set(element.id, element.outerHTML);
  const open = new Set(detailsIn(old).filter((one) => one.open).map((one) => one.dataset.key));
  const focused = detailsIn(old).find((one) => one.contains(document.activeElement));
  const fresh = detailsIn(element);
  for (const one of fresh) one.open = open.has(one.dataset.key);
  old.replaceChildren(...element.childNodes);
  const again = fresh.find((one) => one.dataset.key === focused?.dataset.key);
  if (again !== undefined) again.querySelector('summary').focus({ preventScroll: true });
};
let seen;
const look = async () => {
  try {
    const answers = await Promise.all(['/_state?calls=50', '/_faults'].map((path) => fetch(path)));
    const now = (await Promise.all(answers.map((answer) => answer.text()))).join('');
    if (now !== seen) {
      const drawn = new DOMParser().parseFromString(await (await fetch('/')).text(), 'text/html');
      const elements = [...drawn.querySelectorAll('[data-live]')];
      if (elements.length === 0) throw new Error('no page');
      for (const element of elements) renew(element);
      seen = now;
    }
    if (status.dataset.lost) { delete status.dataset.lost; say(''); }
  } catch {
    status.dataset.lost = 'yes';
    say('The stand-ins do not answer.');
  }
  setTimeout(look, 1000);
};
const send = async (method, path, body) => {
  const answer = await fetch(path, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  say(answer.ok ? 'Done.' : (await answer.json()).detail);
};
for (const form of document.querySelectorAll('form[data-system]')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const given = [...new FormData(form)].filter(([, value]) => value !== '');
    const fault = Object.fromEntries(given.map(([name, value]) => [name, name === 'mode' ? value : Number(value)]));
    send('PUT', '/_faults/' + form.dataset.system, fault).catch(() => say('The stand-ins do not answer.'));
  });
}
document.getElementById('reset').addEventListener('click', () => {
  send('POST', '/_reset').catch(() => say('The stand-ins do not answer.'));
});
look();
`;
