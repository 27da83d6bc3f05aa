import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PLANTS } from './workflows';

const table = PLANTS.map((plant) => [`${plant.file}: ${plant.name}`, plant] as const);

test.each(table)('%s: the code that it is planted into is there, once', (_name, { file, find }) => {
  const source = readFileSync(join(__dirname, '../../workflows', file), 'utf8');
  expect(source.split(find)).toHaveLength(2);
});
