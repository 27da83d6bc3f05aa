import { z } from 'zod';
import { addNote, hasWorkflow } from '../../ledger';
import { defineOperation, refuse, type Operation } from '../operation';
import type { ViewDeps } from './deps';

export const note = z.object({ workflowId: z.string(), text: z.string(), by: z.string(), at: z.string() });

export function createNoteOperations({ pool }: ViewDeps): readonly Operation[] {
  return [
    defineOperation({
      id: 'addNote',
      method: 'POST',
      path: '/api/workflows/{workflowId}/notes',
      role: 'operator',
      summary: 'Write a note on a case; it is shown with it, and in the evidence file of a leaver.',
      input: z.object({ workflowId: z.string().min(1).max(300), text: z.string().trim().min(1).max(4000) }),
      output: note,
      handle: async ({ workflowId, text }, { by }) =>
        (await hasWorkflow(pool, workflowId))
          ? addNote(pool, { workflowId, text, by })
          : refuse(404, 'The ledger knows no workflow of this id.'),
    }),
  ];
}
