import { EMPTY, jsonContent, jsonSchemaOf, problems, type Json } from './open-api-answers';
import { sessionInput } from './session-routes';

/** What is no operation: it has no JSON to answer with, or no credential yet. */
export const OWN_PATHS: Readonly<Record<string, Record<string, Json>>> = {
  '/api/session': {
    post: {
      operationId: 'beginSession',
      summary: 'Exchange a token for a session cookie.',
      security: [],
      requestBody: {
        required: true,
        content: { 'application/json': { schema: jsonSchemaOf(sessionInput.strict(), 'input') } },
      },
      responses: { 204: EMPTY, ...problems([400, 401, 403, 413, 415, 429, 500]) },
    },
    delete: {
      operationId: 'endSession',
      summary: 'End the session of the cookie.',
      responses: { 204: EMPTY, ...problems([401, 403, 429, 500]) },
    },
  },
  '/api/stream': {
    get: {
      operationId: 'stream',
      summary: 'Server-sent events: `change` with `{ topics }`; resumes by `Last-Event-ID`.',
      parameters: [{ name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'string' } }],
      responses: {
        200: {
          description: 'It goes on until one of both ends it.',
          content: { 'text/event-stream': { schema: { type: 'string' } } },
        },
        ...problems([401, 403, 429, 500, 503]),
      },
    },
  },
  '/api/openapi.json': {
    get: {
      operationId: 'openApi',
      summary: 'This document.',
      responses: { 200: jsonContent('OpenAPI 3.1.', { type: 'object' }), ...problems([401, 403, 429, 500]) },
    },
  },
};
