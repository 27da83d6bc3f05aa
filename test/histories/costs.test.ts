import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { costTable } from './costs';

const page = readFileSync(join(__dirname, '../../docs/capacity.md'), 'utf8');

test('docs/capacity.md says what each workflow costs, as the recorded histories have it', () => {
  expect(page).toContain(costTable());
});
