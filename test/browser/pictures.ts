/** Takes a picture of each view of the mock: `node -r ./test/run-typescript.cjs test/browser/pictures.ts <folder> [view…]`. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, openContext } from './browser';
import { startMock } from './mock-server';
import { VIEWS } from './views';

async function main([folder = 'pictures', ...wanted]: readonly string[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const mock = await startMock();
  const browser = await launch();
  for (const scheme of ['light', 'dark'] as const)
    for (const width of [1280, 390]) {
      const page = await (await openContext(browser, { width, scheme })).newPage();
      page.on('console', (message) => message.type() === 'error' && process.stderr.write(`${message.text()}\n`));
      page.on('pageerror', (error) => process.stderr.write(`${error.message}\n`));
      await page.goto(`${mock.url}/needs#token=operator-token`);
      await page.getByText('live', { exact: true }).waitFor();
      for (const view of VIEWS.filter((path) => wanted.length === 0 || wanted.includes(path))) {
        await page.goto(mock.url + view);
        await page.getByText('live', { exact: true }).waitFor();
        await page.locator('[aria-busy="true"]').waitFor({ state: 'hidden' });
        const name = view.slice(1).replaceAll(/[/?=&:]/g, '-');
        const path = join(folder, `${name}-${width}-${scheme}.png`);
        await page.screenshot({ path, fullPage: width < 600 });
      }
      await page.context().close();
    }
  await browser.close();
  await mock.close();
}

void main(process.argv.slice(2));
