// A route that starts a workflow and answers once Temporal has it: the first example of most tutorials.
import { Client, Connection, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { serve } from './serve.mjs';

const { TEMPORAL_ADDRESS, WORKFLOW } = process.env;
const client = new Client({ connection: await Connection.connect({ address: TEMPORAL_ADDRESS }) });

serve(async (eventId, event) => {
  const options = { workflowId: eventId, taskQueue: 'bench', workflowIdReusePolicy: 'REJECT_DUPLICATE', args: [event] };
  try {
    await client.workflow.start(WORKFLOW, options);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
});
