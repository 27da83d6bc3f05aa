/** The page's style sheet. */
export const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d5d9e0, #3a3f48); --soft: light-dark(#f4f6f9, #22262d);
  --yes: light-dark(#126b35, #6fd08c); --no: light-dark(#a3261b, #ff9a8f); font: 14px/1.45 system-ui, sans-serif; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 90rem; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; }
header p { margin: 0; } h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: .5rem 0; }
h3 { font-size: 1rem; margin: 0; } #reset { margin-left: auto; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1rem; margin: .75rem 0; }
.columns > section { border: 1px solid var(--line); border-radius: .5rem; padding: .25rem .75rem .75rem; min-width: 0; }
fieldset { border: 1px solid var(--line); border-radius: .5rem; display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: end; }
label { display: grid; font-size: .8rem; } input { width: 6rem; }
input, select, button { font: inherit; padding: .2rem .4rem; }
table { border-collapse: collapse; width: 100%; margin-bottom: .75rem; } caption { text-align: left; font-weight: 600; }
th, td { border-top: 1px solid var(--line); padding: .25rem .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
small { display: block; opacity: .75; } .yes { color: var(--yes); } .no { color: var(--no); }
.badge, .tag { border: 1px solid currentColor; border-radius: 1rem; padding: 0 .5rem; font-size: .8rem; font-weight: 400; }
.tag { border-color: var(--line); white-space: nowrap; } .none { opacity: .75; }
article { border-top: 1px solid var(--line); padding: .5rem 0; } article p { margin: 0; }
pre { background: var(--soft); border-radius: .35rem; padding: .5rem; margin: .35rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
`;

/** Looks every second; what the server drew anew replaces what was drawn before, so that one place draws. */
export const SCRIPT = `
const status = document.getElementById('status');
const say = (text) => { if (status.textContent !== text) status.textContent = text; };
let seen;
const look = async () => {
  try {
    const answers = await Promise.all(['/_state?calls=50', '/_faults'].map((path) => fetch(path)));
    const now = (await Promise.all(answers.map((answer) => answer.text()))).join('');
    if (now !== seen) {
      const drawn = new DOMParser().parseFromString(await (await fetch('/')).text(), 'text/html');
      const live = drawn.getElementById('live');
      if (live === null) throw new Error('no page');
      document.getElementById('live').replaceWith(live);
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
