import { runInNewContext } from 'node:vm';
import { html, trusted } from '../../../src/dev/stand-ins/html';
import { SCRIPT } from '../../../src/dev/stand-ins/page-assets';

type Listener = (event: object) => void;

/** One `<details>` of the page. */
interface Details {
  readonly dataset: { readonly key: string };
  open: boolean;
  readonly contains: () => boolean;
}

function details(key: string, open = false): Details {
  return { dataset: { key }, open, contains: () => false };
}

/** The script in a browser of a few lines: what it asks for, and what it puts where. */
function open(answers: (path: string) => string | Error) {
  const asked: { path: string; method?: string; body?: unknown }[] = [];
  const listeners: Record<string, Listener> = {};
  const drawn: unknown[] = [];
  const timers: (() => unknown)[] = [];
  const status = { textContent: '', dataset: {} };
  const inPage: Details[] = [];
  const form = {
    dataset: { system: 'mail' },
    addEventListener: (_: string, listen: Listener) => void (listeners['submit'] = listen),
  };
  const elements: Record<string, object> = {
    status,
    'state-mail': {
      querySelectorAll: () => inPage,
      replaceChildren: (text: string, ...all: Details[]) => {
        drawn.push(text);
        inPage.splice(0, inPage.length, ...all);
      },
    },
    reset: { addEventListener: (_: string, listen: Listener) => void (listeners['reset'] = listen) },
  };
  const part = (text: string) => {
    const all = [details('one'), details('two')];
    return { id: 'state-mail', outerHTML: text, childNodes: [text, ...all], querySelectorAll: () => all };
  };
  runInNewContext(SCRIPT, {
    document: { getElementById: (id: string) => elements[id], querySelectorAll: () => [form] },
    DOMParser: class {
      parseFromString = (text: string) => ({ querySelectorAll: () => (text === '' ? [] : [part(text)]) });
    },
    FormData: class {
      *[Symbol.iterator]() {
        yield* [
          ['mode', 'error'],
          ['calls', '2'],
          ['status', ''],
        ];
      }
    },
    fetch: async (path: string, options: object = {}) => {
      asked.push({ path, ...options });
      const answer = answers(path);
      if (answer instanceof Error) throw answer;
      return Promise.resolve({ ok: true, text: async () => Promise.resolve(answer) });
    },
    setTimeout: (act: () => unknown) => void timers.push(act),
  });
  return { asked, listeners, drawn, timers, status, inPage };
}

const settled = async (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('the script of the page', () => {
  test('draws what the server draws, and again only when something changed', async () => {
    let state = 'one';
    const { drawn, timers } = open((path) => (path === '/' ? `page of ${state}` : state));
    await settled();
    await timers.shift()?.();
    state = 'two';
    await timers.shift()?.();
    expect(drawn).toEqual(['page of one', 'page of two']);
  });

  test('leaves an element alone that says the same, whatever else changed', async () => {
    let state = 'one';
    const { drawn, timers, asked } = open((path) => (path === '/' ? 'the same page' : state));
    await settled();
    state = 'two';
    await timers.shift()?.();
    expect(asked.filter(({ path }) => path === '/')).toHaveLength(2);
    expect(drawn).toEqual(['the same page']);
  });

  test('keeps open what was opened', async () => {
    let state = 'one';
    const { timers, inPage } = open((path) => (path === '/' ? `page of ${state}` : state));
    await settled();
    inPage.splice(0, 1, details('one', true));
    state = 'two';
    await timers.shift()?.();
    expect(inPage.map(({ dataset, open: isOpen }) => [dataset.key, isOpen])).toEqual([
      ['one', true],
      ['two', false],
    ]);
  });

  test('says so while the stand-ins do not answer, and goes on looking', async () => {
    let away = true;
    const { timers, status, drawn } = open(() => (away ? new Error('refused') : 'back'));
    await settled();
    expect(status.textContent).toBe('The stand-ins do not answer.');
    away = false;
    await timers.shift()?.();
    expect([status.textContent, drawn]).toEqual(['', ['back']]);
  });

  test('sends a fault of the fields that are filled in, and a reset', async () => {
    const { asked, listeners, status } = open(() => 'x');
    await settled();
    asked.length = 0;
    listeners['submit']?.({ preventDefault: () => undefined });
    listeners['reset']?.({});
    await settled();
    expect(asked).toMatchObject([
      { method: 'PUT', path: '/_faults/mail', body: '{"mode":"error","calls":2}' },
      { method: 'POST', path: '/_reset' },
    ]);
    expect(status.textContent).toBe('Done.');
  });
});

describe('html', () => {
  test('escapes every value but markup', () => {
    expect(html`<p title="${`"'`}">${'<&>'} ${3} ${null}${[html`<b>${'"'}</b>`]}${trusted('<i>')}</p>`.markup).toBe(
      '<p title="&quot;&#39;">&lt;&amp;&gt; 3 <b>&quot;</b><i></p>',
    );
  });
});
