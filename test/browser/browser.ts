/** Chromium for the tests of the page; where there is none, they are skipped by name. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext } from 'playwright-core';

const PATHS = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

export const chromiumPath = PATHS.find((path) => path !== undefined && existsSync(path));

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launch(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('no Chromium');
  return chromium.launch({ executablePath: chromiumPath, args: FLAGS });
}

export interface Look {
  readonly width?: number;
  readonly scheme?: 'light' | 'dark';
}

/** Where pages share cookies and what was loaded, as the windows of one person do. */
export async function openContext(
  browser: Browser,
  { width = 1280, scheme = 'light' }: Look = {},
): Promise<BrowserContext> {
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 844 : 900 },
    colorScheme: scheme,
    timezoneId: 'Europe/Berlin',
    locale: 'en-GB',
  });
  context.setDefaultTimeout(60_000);
  return context;
}
