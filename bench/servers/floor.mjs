// Nothing behind it: an append-only file, and one flush for all that wait at the same time.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { serve } from './serve.mjs';

const file = await open(join(process.env.DIR, 'floor.log'), 'a');
let waiting = [];
let isWriting = false;

async function writeAll() {
  isWriting = true;
  while (waiting.length > 0) {
    const batch = waiting;
    waiting = [];
    await file.appendFile(Buffer.concat(batch.map(({ line }) => line)));
    await file.datasync();
    for (const { resolve } of batch) resolve();
  }
  isWriting = false;
}

serve((eventId, _event, body) => {
  const line = Buffer.concat([Buffer.from(`${eventId} `), body, Buffer.from('\n')]);
  return new Promise((resolve) => {
    waiting.push({ line, resolve });
    if (!isWriting) void writeAll();
  });
});
