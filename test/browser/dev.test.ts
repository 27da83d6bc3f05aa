/** The page in front of a whole `mt dev`: what an operator does, from the delivery to the system that is changed. */
import type { Browser, Locator, Page } from 'playwright-core';
import { events } from '../../src/events';
import { people } from '../../src/dev/people';
import { newDataDir, removeDataDir, startDev, type DevStack } from '../e2e/stack';
import { chromiumPath, launch, openContext } from './browser';

const inBrowser = chromiumPath === undefined ? describe.skip : describe;

const DAY = 86_400_000;

inBrowser('the operations page of mt dev', () => {
  const dataDir = newDataDir();
  let stack: DevStack;
  let browser: Browser;
  let page: Page;
  let ops: string;

  beforeAll(async () => {
    [stack, browser] = await Promise.all([startDev(dataDir), launch()]);
    ops = stack.info.ops ?? '';
    const context = await openContext(browser);
    context.setDefaultTimeout(60_000);
    page = await context.newPage();
  }, 180_000);
  afterAll(async () => {
    await browser.close();
    await stack.stop();
    removeDataDir(dataDir);
  }, 240_000);

  const button = (name: string | RegExp, within: Page | Locator = page) => within.getByRole('button', { name });
  const dialog = () => page.getByRole('dialog');

  /** In the dialog: the reason, and the button that does it. */
  async function confirm(label: string | RegExp): Promise<void> {
    await dialog().getByLabel('Reason').fill('Asked for by the test');
    await button(label, dialog()).click();
  }

  async function expectSeen(...locators: readonly Locator[]): Promise<void> {
    for (const locator of locators) await locator.first().waitFor();
  }

  const expire = (person: (typeof people)['rita' | 'carla' | 'pavel']) =>
    stack.send('certification.expired', `expired-${person.userId}`, {
      ...events['certification.expired'].sample({ ...person, now: Date.now(), run: 'browser' }),
      certName: `Safety of ${person.name}`,
    });

  test('logs in by the token that mt dev prints', async () => {
    await page.goto(`${ops}/recertifications`);
    await page.getByLabel('Token').fill(stack.info.opsToken ?? '');
    await button('Log in').click();
    await expectSeen(page.getByText('No certificate has to be renewed.'), page.getByText('live', { exact: true }));
  });

  test('shows a delivery without reloading', async () => {
    await Promise.all([people.rita, people.carla, people.pavel].map(expire));
    for (const { name } of [people.rita, people.carla, people.pavel])
      await expectSeen(page.getByRole('link', { name: `Safety of ${name}` }));
  });

  test('refuses a deadline in the past with the reason, and extends it to one ahead', async () => {
    await page.goto(`${ops}/cases/expired-${people.pavel.userId}`);
    await button('Extend the deadline').click();
    await dialog().getByLabel('New deadline').fill('2020-01-01');
    await confirm('Extend the deadline');
    await expectSeen(dialog().getByRole('alert'));
    expect(await dialog().getByRole('alert').textContent()).toMatch(/deadline|past|ahead/i);
    const ahead = new Date(Date.now() + 200 * DAY).toISOString().slice(0, 10);
    await dialog().getByLabel('New deadline').fill(ahead);
    await confirm('Extend the deadline');
    await expectSeen(page.getByText('Done: Extend the deadline.'));
    await expectSeen(page.locator(`time[datetime^="${ahead}"]`));
  });

  test('links to the case in Temporal Web UI', async () => {
    const href = await page.getByRole('link', { name: 'in Temporal Web UI' }).first().getAttribute('href');
    const start = `${stack.info.temporalUi}/namespaces/default/workflows/expired-${people.pavel.userId}/`;
    expect(href?.startsWith(start)).toBe(true);
  });

  test('cancels one recertification, and escalates another', async () => {
    await page.goto(`${ops}/cases/expired-${people.rita.userId}`);
    await button('Cancel').click();
    await confirm('Cancel');
    await expectSeen(page.locator('main').getByText('cancelled', { exact: true }));
    await page.goto(`${ops}/cases/expired-${people.carla.userId}`);
    await button('Escalate').click();
    await confirm('Escalate');
    await expectSeen(page.locator('.timeline').getByText('Asked for by the test'));
  });

  test('shows a leaver whose sign-in could not be ended, and tries the step again once that is fixed', async () => {
    const { omar } = people;
    await page.goto(`${ops}/needs`);
    await expectSeen(page.getByText('live', { exact: true }));
    await stack.setFault('identity', { mode: 'error', status: 403 });
    const leaves = events['user.deprovisioned'].sample({ ...omar, now: Date.now(), run: 'browser' });
    await stack.send('user.deprovisioned', 'leaves-omar', leaves);
    const card = page.getByRole('article', { name: /^Leaver/ });
    await expectSeen(card);
    await stack.setFault('identity', { mode: 'ok' });
    await button('Try again', card).click();
    await confirm('Try again');
    await card.waitFor({ state: 'hidden' });
    const { identity } = await stack.effects();
    expect(identity.users.find(({ externalId }) => externalId === omar.userId)).toMatchObject({ active: false });
  });

  test('gives the evidence of the leaver as a file', async () => {
    await page.goto(`${ops}/leavers/leaves-omar`);
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Evidence, PDF' }).click(),
    ]);
    expect(file.suggestedFilename()).toMatch(/\.pdf$/);
    expect(await file.failure()).toBeNull();
  });

  test('corrects a leaver in quarantine, and runs it', async () => {
    const { quentin } = people;
    await stack.send('user.deprovisioned', 'leaves-quentin', {
      email: quentin.email,
      deprovisionedAt: new Date().toISOString(),
    });
    await page.goto(`${ops}/quarantine`);
    await page.getByRole('rowheader').getByRole('link').first().click();
    const editor = page.getByRole('textbox', { name: 'What it says' });
    await expectSeen(page.getByRole('button', { name: /userId/ }));
    const { email, userId } = quentin;
    await editor.fill(JSON.stringify({ userId, email, reason: 'resigned', deprovisionedAt: new Date().toISOString() }));
    await expectSeen(page.getByText('This can be read.'));
    await button('Run as corrected').click();
    await confirm('Run as corrected');
    await expectSeen(page.getByText('Done: Run as corrected.'));
    await page.goto(`${ops}/leavers`);
    await expectSeen(page.getByRole('rowheader').getByText(email.split('@')[0] ?? ''));
  });

  test('finds a person by address', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type(people.omar.email);
    await page.getByRole('option').first().click();
    await expectSeen(page.getByRole('heading', { level: 1, name: 'omar.haddad' }));
    await expectSeen(page.getByText(people.omar.email));
  });
});
