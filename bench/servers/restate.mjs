// With ROLE=worker it is the service that Restate calls; else it takes deliveries.
import { createServer } from 'node:http';
import { serve } from './serve.mjs';

const { INGRESS, ROLE, PORT, SERVICE_PORT } = process.env;

// Its SDK is for Node 22; we also run on 20.
Promise.withResolvers ??= () => {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};

if (ROLE === 'worker') {
  const restate = await import('@restatedev/restate-sdk');
  let completed = 0;
  const handlers = {
    take: async (context) => {
      await context.run('remember', () => undefined);
      await context.run('apply', () => undefined);
      completed += 1;
    },
  };
  await restate.serve({ services: [restate.service({ name: 'events', handlers })], port: Number(SERVICE_PORT) });
  createServer((_request, response) => response.end(String(completed))).listen(Number(PORT), '127.0.0.1');
} else {
  serve(async (eventId, _event, body) => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': eventId };
    const response = await fetch(`${INGRESS}/events/take/send`, { method: 'POST', headers, body });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`Restate answered ${response.status}`);
  });
}
