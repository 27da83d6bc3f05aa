import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { compressedSizeOfPage } from '../../src/operations/page/page';
import { chromiumPath, launch, openContext, type Look } from './browser';
import { at } from './mock-data';
import { startMock, type MockServer } from './mock-server';
import { VIEWS } from './views';

const inBrowser = chromiumPath === undefined ? describe.skip : describe;

let browser: Browser;
let mock: MockServer;
let page: Page;

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  [browser, mock] = await Promise.all([launch(), startMock()]);
});
afterAll(async () => {
  if (chromiumPath !== undefined) await Promise.all([browser.close(), mock.close()]);
});

afterEach(async () => {
  if (chromiumPath === undefined) return;
  for (const context of contexts.values()) await Promise.all(context.pages().map((open) => open.close()));
  mock.reset();
});

/** By how they look: what one test has loaded, the next one has. */
const contexts = new Map<string, BrowserContext>();

async function contextOf(look: Look): Promise<BrowserContext> {
  const key = JSON.stringify(look);
  const context = contexts.get(key) ?? (await openContext(browser, look));
  contexts.set(key, context);
  return context;
}

/** The page shows this, now or soon. */
async function expectSeen(...locators: readonly Locator[]): Promise<void> {
  for (const locator of locators) await locator.waitFor();
}

/** Logged in, at a view that has its data. */
async function visit(view: string, token = 'operator-token', look: Look = {}): Promise<void> {
  page = await (await contextOf(look)).newPage();
  await page.goto(`${mock.url}${view}#token=${token}`);
  await page.locator('h1').waitFor();
  await isQuiet();
}

async function isQuiet(): Promise<void> {
  await page.locator('[aria-busy="true"]').waitFor({ state: 'hidden' });
}

/** A browser that paints seldom: effects of the page wait for a frame, or for the short timer beside it. */
const PAINT_LATE = `{
  const { setTimeout } = window;
  window.requestAnimationFrame = () => 0;
  window.setTimeout = (run, ms, ...rest) => setTimeout(run, ms < 50 ? 1_000 : ms, ...rest);
}`;

const button = (name: string) => page.getByRole('button', { name, exact: true });

test('the page is under 150 kB, compressed, with all its libraries', () => {
  expect(compressedSizeOfPage()).toBeLessThan(150_000);
});

inBrowser('the operations page: logging in', () => {
  test('a token that is not known is refused with a sentence; one that is known shows what needs a person', async () => {
    page = await (await openContext(browser)).newPage();
    await page.goto(mock.url);
    await page.getByLabel('Token').fill('wrong');
    await button('Log in').click();
    await page.getByRole('alert').getByText('This token is not known.').waitFor();
    await page.getByLabel('Token').fill('operator-token');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Needs you' }).waitFor();
    await expectSeen(page.getByText('9 cases need a person'));
  });

  test('the token of a link is used, and taken out of the address', async () => {
    await visit('/needs');
    expect(page.url()).toBe(`${mock.url}/needs`);
  });

  test('an answer that comes before the browser has painted is drawn', async () => {
    const context = await openContext(browser);
    page = await context.newPage();
    await page.addInitScript(PAINT_LATE);
    await page.goto(mock.url);
    await page.getByLabel('Token').fill('operator-token');
    await page.keyboard.press('Enter');
    await expectSeen(page.getByRole('heading', { name: 'Needs you' }));
    await context.close();
  });

  test('a session that ends asks for the token over what one was doing, and goes on from there', async () => {
    await visit('/needs');
    await page.getByRole('button', { name: 'Extend the deadline' }).first().click();
    await page.getByLabel('Reason').fill('On leave until June');
    mock.state.isExpired = true;
    mock.change('workflows');
    await page.getByRole('dialog', { name: 'You were logged out' }).getByLabel('Token').fill('operator-token');
    await button('Log in').click();
    await page.getByRole('dialog', { name: 'You were logged out' }).waitFor({ state: 'hidden' });
    expect(await page.getByLabel('Reason').inputValue()).toBe('On leave until June');
  });
});

inBrowser('the operations page: what needs you', () => {
  test('a change appears without reloading, and leaves the focus where it is', async () => {
    await visit('/needs');
    await page.getByText('live', { exact: true }).waitFor();
    const link = page.getByRole('link', { name: 'Katherine Johnson' });
    await link.focus();
    mock.state.cases = mock.state.cases.filter(({ workflowId }) => workflowId !== 'recert-1');
    mock.change('workflows');
    await page.getByText('8 cases need a person').waitFor();
    expect(await page.locator('a:focus').textContent()).toBe('Katherine Johnson');
  });

  test('after the stream was cut, what changed meanwhile is shown', async () => {
    await visit('/needs');
    await page.getByText('live', { exact: true }).waitFor();
    mock.state.cases = [];
    mock.cutStreams();
    await expectSeen(page.getByText('Nothing needs you.'));
  });
});

inBrowser('the operations page: acting', () => {
  test('a deadline in the past is refused with the reason, and what was typed stays', async () => {
    await visit('/cases/recert-5');
    await button('Extend the deadline').click();
    await page.getByLabel('New deadline').fill('2020-01-01');
    await page.getByLabel('Reason').fill('On leave');
    await page.getByRole('dialog').getByRole('button', { name: 'Extend the deadline' }).click();
    await expectSeen(page.getByRole('alert').getByText('deadline must be ahead of now'));
    expect(await page.getByLabel('Reason').inputValue()).toBe('On leave');
    await page.getByLabel('New deadline').fill('2099-06-30');
    await page.getByRole('dialog').getByRole('button', { name: 'Extend the deadline' }).click();
    await expectSeen(page.getByText('Done: Extend the deadline.'));
    expect(mock.state.sent.at(-1)?.body).toMatchObject({ deadline: '2099-06-30T21:59:59.000Z', reason: 'On leave' });
  });

  test('an action says what it will do, asks for a reason, and takes its step with it', async () => {
    await visit('/leavers');
    await button('Act… Ada Lovelace').click();
    await expectSeen(page.getByText('Tries this step again now. If it fails, the case waits for a person again.'));
    await page.getByRole('dialog').getByRole('button', { name: 'Try again' }).click();
    await page.getByLabel('Reason').fill('The credentials are new');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expectSeen(page.getByText('Done: Try again.'));
    expect(mock.state.sent.at(-1)).toMatchObject({
      path: '/api/workflows/leaver-1/messages/retryStep',
      body: { step: 'suspendUser', reason: 'The credentials are new' },
    });
  });

  test('a viewer sees no button that changes something', async () => {
    await visit('/needs', 'viewer-token');
    await expectSeen(page.getByText('9 cases need a person'));
    const names = await page.getByRole('main').getByRole('button').allTextContents();
    expect(names).toEqual([]);
  });

  test('forty deadlines are extended at once, after a dry run that counts them', async () => {
    await visit('/recertifications');
    await button('Select all 44 shown').click();
    for (const name of ['recert-1', 'recert-2', 'recert-3', 'recert-4'])
      await page.locator(`tr:has(a[href="/cases/${name}"]) input`).uncheck();
    await button('Extend selected (40)…').click();
    await page.getByLabel('New deadline').fill('2099-06-30');
    await button('Count first').click();
    await expectSeen(page.getByText('40 cases of'), page.getByText('and 30 more'));
    expect(mock.state.sent).toEqual([]);
    await page.getByLabel('Reason').fill('The course was moved');
    await button('Extend (40)').click();
    await expectSeen(page.getByText('Finished: 40 of 40 done', { exact: false }));
    expect(mock.state.cases.filter(({ deadline }) => deadline?.startsWith('2099') === true)).toHaveLength(40);
  });

  test('all cases of one cause are retried together', async () => {
    await visit('/needs');
    await button('Retry all 5').click();
    await expectSeen(page.getByText('5 cases of'));
    await page.getByLabel('Reason').fill('The credentials are new');
    await button('Try again (5)').click();
    await expectSeen(page.getByText('Finished: 5 of 5 done'));
    await button('Close').last().click();
    await expectSeen(page.getByText('4 cases need a person'));
  });

  test('a quarantined event is corrected where its faults are shown while typing, and run again', async () => {
    await visit('/quarantine/bad-leaver');
    await expectSeen(page.getByText('it is missing or empty'), page.getByText('is not a date: "yesterday"'));
    const editor = page.getByRole('textbox', { name: 'What it says' });
    await editor.fill('{ "userId": "u-1000", "deprovisionedAt": "yesterday" }');
    await page.getByText('it is missing or empty').waitFor({ state: 'hidden' });
    await expectSeen(page.getByText('is not a date: "yesterday"'));
    await editor.fill('{ "userId": ');
    await expectSeen(page.getByText('This is not JSON', { exact: false }));
    const data = { userId: 'u-1000', deprovisionedAt: '2026-11-28T09:00:00Z' };
    await editor.fill(JSON.stringify(data));
    await expectSeen(page.getByText('This can be read.'));
    mock.change('workflows');
    await isQuiet();
    expect(await editor.inputValue()).toBe(JSON.stringify(data));
    await button('Run as corrected').click();
    await page.getByLabel('Reason').fill('The id was missing');
    await page.getByRole('dialog').getByRole('button', { name: 'Run as corrected' }).click();
    await expectSeen(page.getByText('Done: Run as corrected.'));
    expect(mock.state.sent.at(-1)?.body).toMatchObject({ data, reason: 'The id was missing' });
  });

  test('a system is held with a reason, and shown as held', async () => {
    await visit('/connectors');
    await button('Hold identity').click();
    await page.getByLabel('Reason').fill('Okta is being repaired');
    await page.getByRole('dialog').getByRole('button', { name: 'Hold' }).click();
    await expectSeen(page.getByText('Okta is being repaired'), button('Release identity'));
  });
});

inBrowser('the operations page: by keyboard', () => {
  test('a person is found from any view by /, and opened by Enter', async () => {
    await visit('/health');
    await page.keyboard.press('/');
    await page.keyboard.type('katherine');
    await expectSeen(page.getByRole('option', { name: 'Katherine Johnson' }).first());
    await page.keyboard.press('Enter');
    await expectSeen(page.getByRole('heading', { name: 'Katherine Johnson', level: 1 }));
    expect(page.url()).toBe(`${mock.url}/learners/u-1002`);
  });

  test('one skips to the content, cancels a case, and is back at the button', async () => {
    await visit('/cases/recert-5');
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').textContent()).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    await tabTo('Cancel');
    await page.keyboard.press('Enter');
    await expectSeen(page.getByRole('dialog', { name: 'Cancel' }));
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(await page.locator(':focus').textContent()).toBe('Cancel');
    await page.keyboard.press('Enter');
    await page.keyboard.type('No longer needed');
    await tabTo('Cancel');
    await page.keyboard.press('Enter');
    await expectSeen(page.getByText('Done: Cancel.'));
  });

  async function tabTo(name: string): Promise<void> {
    for (let presses = 0; presses < 30; presses += 1) {
      await page.keyboard.press('Tab');
      if ((await page.locator(':focus').textContent())?.trim() === name) return;
    }
    throw new Error(`no ${name} in the order of Tab`);
  }
});

const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

const RULES = {
  light: '{ type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }',
  dark: '["color-contrast"]',
};

/** Rows of a table are alike: three of each. What axe finds serious or critical; in the dark what can differ there. The debugger evaluates it: no policy stops that. */
async function faultsOfAccess(scheme: 'light' | 'dark'): Promise<readonly string[]> {
  const options = `{ resultTypes: ["violations"], preload: false, runOnly: ${RULES[scheme]} }`;
  const { violations } = await page.evaluate<AxeResults>(
    `axe.run({ exclude: ['tbody tr:nth-child(n+4)'] }, ${options})`,
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.slice(0, 2).map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
}

inBrowser.each(['light', 'dark'] as const)('the operations page: for everybody, %s', (scheme) => {
  test('axe finds nothing serious in any view, nor in a dialog', async () => {
    await visit('/needs', 'operator-token', { scheme });
    await page.evaluate(axe);
    for (const view of VIEWS) {
      await follow(view);
      expect({ view, faults: await faultsOfAccess(scheme) }).toEqual({ view, faults: [] });
    }
    await follow('/cases/recert-5');
    await button('Extend the deadline').click();
    await page.getByRole('dialog').waitFor();
    expect(await faultsOfAccess(scheme)).toEqual([]);
  });

  test('at 390 px no view is wider than the window', async () => {
    await visit('/needs', 'operator-token', { scheme, width: 390 });
    for (const view of VIEWS) {
      await follow(view);
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      expect({ view, width }).toEqual({ view, width: 390 });
    }
  });
});

/** Goes there as a link does, and waits for its data. */
async function follow(view: string): Promise<void> {
  await page.evaluate(
    `history.pushState(null, '', ${JSON.stringify(view)}); dispatchEvent(new PopStateEvent('popstate'))`,
  );
  await page.locator('h1').waitFor();
  await isQuiet();
}

inBrowser('the operations page: from view to view', () => {
  test('every view of the menu has its own address and shows its data', async () => {
    await visit('/needs');
    const links = await page.getByRole('navigation').getByRole('link').all();
    expect(links.length).toBeGreaterThan(10);
    for (const link of links) {
      await link.click();
      await isQuiet();
      expect(await page.getByRole('alert').count()).toBe(0);
      expect((await page.locator('h1').textContent())?.trim()).not.toBe('No such page');
    }
  });

  test('each case has a link to Temporal Web UI', async () => {
    await visit('/cases/recert-5');
    const link = page.getByRole('link', { name: 'recert-5 in Temporal Web UI' });
    expect(await link.getAttribute('href')).toBe('https://temporal.example/namespaces/default/workflows/recert-5');
  });

  test('a time is in the zone of the reader, and its title is UTC', async () => {
    await visit('/cases/recert-5');
    const { deadline } = mock.state.cases.find(({ workflowId }) => workflowId === 'recert-5') ?? {};
    const time = page.locator(`time[datetime="${deadline ?? ''}"]`).first();
    expect(await time.getAttribute('title')).toBe(
      `${at(Date.parse(deadline ?? ''), 0)
        .slice(0, 19)
        .replace('T', ' ')} UTC`,
    );
    await expectSeen(page.getByText('Europe/Berlin', { exact: false }));
  });
});
