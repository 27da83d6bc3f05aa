/** Loaded by its path, also into the bundle of the workflows: it imports nothing else. */
import { DefaultFailureConverter } from '@temporalio/common';

export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
