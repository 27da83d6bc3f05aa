import { parseEnvelope, type EventData } from './parse';
import { routes } from '../routes';

/** A quarantined body that can be read after all: the workflow that it belongs to, and what that workflow gets. */
export interface Reread {
  readonly workflowType: string;
  readonly event: string;
  readonly envelope: { readonly event: string; readonly data: EventData; readonly companyId: string };
}

/** `refused` is a sentence that names fields, never values. */
export type Rereader = (envelope: unknown) => Reread | { readonly refused: string };

/** Reads an envelope again by the receiver's own rules. */
export function createRereader(companyId: string): Rereader {
  return (envelope) => {
    const contents = parseEnvelope(envelope, companyId);
    if (contents.kind === 'foreign') return { refused: '`companyId` is not the one we serve.' };
    if (contents.kind === 'problem') return { refused: contents.problem.detail };
    const { event, data } = contents;
    return {
      workflowType: routes[event].workflowType,
      event,
      envelope: { ...(envelope as object), event, data, companyId },
    };
  };
}
