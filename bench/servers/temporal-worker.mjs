import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';

const { TEMPORAL_ADDRESS, PORT } = process.env;

Runtime.install({ telemetryOptions: { logging: { filter: 'ERROR', forward: {} } } });
const step = async () => undefined;
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address: TEMPORAL_ADDRESS }),
  taskQueue: 'bench',
  workflowsPath: fileURLToPath(new URL('./temporal-workflows.mjs', import.meta.url)),
  activities: { remember: step, apply: step },
});
createServer((_request, response) => response.end('polling')).listen(Number(PORT), '127.0.0.1');
await worker.run();
