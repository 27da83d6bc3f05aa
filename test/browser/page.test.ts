import type { Browser, Locator, Page } from 'playwright-core';
import { compressedSizeOfPage } from '../../src/operations/page/page';
import { chromiumPath, launch, openPage, type Look } from './browser';
import { startMock, type MockServer } from './mock-server';

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
  await Promise.all(browser.contexts().map((context) => context.close()));
  mock.reset();
});

/** The page shows this, now or soon. */
async function expectSeen(...locators: readonly Locator[]): Promise<void> {
  for (const locator of locators) await locator.waitFor();
}

/** Logged in, at a view that has its data. */
async function visit(view: string, token = 'operator-token', look: Look = {}): Promise<void> {
  page = await openPage(browser, look);
  await page.goto(`${mock.url}${view}#token=${token}`);
  await page.locator('h1').waitFor();
  await isQuiet();
}

async function isQuiet(): Promise<void> {
  await page.locator('[aria-busy="true"]').waitFor({ state: 'hidden' });
}

const button = (name: string) => page.getByRole('button', { name, exact: true });

test('the page is under 150 kB, compressed, with all its libraries', () => {
  expect(compressedSizeOfPage()).toBeLessThan(150_000);
});

inBrowser('the operations page: logging in', () => {
  test('a token that is not known is refused with a sentence; one that is known shows what needs a person', async () => {
    page = await openPage(browser);
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
