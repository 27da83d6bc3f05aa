// With ROLE=worker it works the jobs off; else it takes deliveries.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { PgBoss } from 'pg-boss';
import { serve } from './serve.mjs';

const { DATABASE_URL, ROLE, PORT } = process.env;
const isWorker = ROLE === 'worker';
const boss = new PgBoss({ connectionString: DATABASE_URL, supervise: isWorker, schedule: false });
boss.on('error', (error) => process.stderr.write(`${error.stack}\n`));
await boss.start();
const NAME = 'events';
await boss.createQueue(NAME);

if (isWorker) {
  let completed = 0;
  const options = { batchSize: 100, pollingIntervalSeconds: 0.5 };
  for (let count = 0; count < 4; count += 1)
    await boss.work(NAME, options, async (jobs) => void (completed += jobs.length));
  createServer((_request, response) => response.end(String(completed))).listen(Number(PORT), '127.0.0.1');
} else {
  // Its ids are UUIDs: one that the event id decides. The same id again adds nothing.
  const uuidOf = (text) => {
    const hex = createHash('sha256').update(text).digest('hex');
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `5${hex.slice(13, 16)}`,
      `8${hex.slice(17, 20)}`,
      hex.slice(20, 32),
    ].join('-');
  };
  serve(async (eventId, event) => void (await boss.send(NAME, event, { id: uuidOf(eventId) })));
}
