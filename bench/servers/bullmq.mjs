// With ROLE=worker it works the jobs off; else it takes deliveries.
import { createServer } from 'node:http';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { serve } from './serve.mjs';

const { REDIS_PORT, ROLE, PORT } = process.env;
const connection = new Redis({ host: '127.0.0.1', port: Number(REDIS_PORT), maxRetriesPerRequest: null });
const NAME = 'events';

if (ROLE === 'worker') {
  const worker = new Worker(NAME, async () => undefined, { connection, concurrency: 50 });
  worker.on('error', (error) => process.stderr.write(`${error.stack}\n`));
  createServer((_request, response) => response.end('working')).listen(Number(PORT), '127.0.0.1');
} else {
  const queue = new Queue(NAME, { connection });
  // Its ids may not be whole numbers, and have no colon; ours are neither. The same id again adds nothing.
  serve(
    (eventId, event) => queue.add('event', event, { jobId: eventId }),
    () => queue.getCompletedCount(),
  );
}
