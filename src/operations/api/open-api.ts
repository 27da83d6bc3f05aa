import type { z } from 'zod';
import type { Operation } from '../operation';
import {
  EVERYWHERE,
  FILE,
  jsonContent,
  jsonSchemaOf,
  PROBLEM,
  problems,
  type Json,
  type JsonObject,
} from './open-api-answers';
import { OWN_PATHS } from './own-paths';
import { namesInPath } from './read-input';

/** The OpenAPI 3.1 document: its schemas are zod's JSON Schema (draft 2020-12), as OpenAPI 3.1 has them. */
export function openApiOf(operations: readonly Operation[], version: string): JsonObject {
  const schemas: Record<string, Json> = { Problem: PROBLEM };
  const paths: Record<string, Record<string, Json>> = { ...OWN_PATHS };
  for (const operation of operations)
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: documentOf(operation, schemas),
    };
  return {
    openapi: '3.1.0',
    info: {
      title: 'MindTickle on Temporal: operations',
      version,
      description:
        'What people can see and do. Times are ISO 8601, UTC. Every list has a limit and a cursor. Refusals are ' +
        '`application/problem+json` (RFC 9457).',
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token of OPS_TOKENS.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'mindtickle_session_3001',
          description: 'Of POST /api/session; the name ends with the port.',
        },
      },
    },
  };
}

function documentOf(operation: Operation, schemas: Record<string, Json>): JsonObject {
  const { id, method, path, role, summary, input, output } = operation;
  const inputSchema = schemaOf(input.strict(), 'input', `${id}Input`, schemas);
  const inPath = namesInPath(path);
  const isPost = method === 'POST';
  return {
    operationId: id,
    summary,
    description: `Needs the role ${role}.`,
    parameters: parametersOf(inputSchema, inPath, isPost),
    ...(isPost && { requestBody: bodyOf(inputSchema, inPath) }),
    responses: {
      200: output === 'file' ? FILE : jsonContent('Done.', schemaOf(output, 'output', id, schemas)),
      ...problems(isPost ? [...EVERYWHERE, 404, 409, 413, 415] : [...EVERYWHERE, 404, 409]),
    },
  };
}

function parametersOf(schema: JsonObject, inPath: readonly string[], isPost: boolean): Json {
  const properties = (schema['properties'] ?? {}) as JsonObject;
  const required = (schema['required'] ?? []) as readonly string[];
  return Object.entries(properties)
    .filter(([name]) => !isPost || inPath.includes(name))
    .map(([name, each]) => ({
      name,
      in: inPath.includes(name) ? 'path' : 'query',
      required: inPath.includes(name) || required.includes(name),
      schema: inPath.includes(name) ? { minLength: 1, ...(each as JsonObject) } : each,
    }));
}

function bodyOf(schema: JsonObject, inPath: readonly string[]): Json {
  const { properties = {}, required = [], ...rest } = schema;
  const isOfBody = (name: string): boolean => !inPath.includes(name);
  const needed = (required as readonly string[]).filter(isOfBody);
  return {
    required: needed.length > 0,
    content: {
      'application/json': {
        schema: {
          ...rest,
          properties: Object.fromEntries(Object.entries(properties as JsonObject).filter(([name]) => isOfBody(name))),
          ...(needed.length > 0 && { required: needed }),
        },
      },
    },
  };
}

/** Schemas that refer to themselves, or have a name, go to `components`. */
function schemaOf(
  schema: z.ZodType,
  io: 'input' | 'output',
  prefix: string,
  schemas: Record<string, Json>,
): JsonObject {
  const { $defs = {}, ...rest } = jsonSchemaOf(schema, io);
  const nameOf = (name: string): string => (/^__/.test(name) ? `${prefix}${name}` : name);
  const lift = (value: Json): Json => {
    if (Array.isArray(value)) return value.map((each: Json) => lift(each));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value as JsonObject).map(([key, each]) => [
        key,
        key === '$ref' && typeof each === 'string' ? refTo(each) : lift(each),
      ]),
    );
  };
  const refTo = (ref: string): string =>
    ref === '#'
      ? `#/components/schemas/${prefix}`
      : ref.replace(/^#\/\$defs\/(.+)$/, (_all, name: string) => `#/components/schemas/${nameOf(name)}`);
  for (const [name, each] of Object.entries($defs as JsonObject)) schemas[nameOf(name)] = lift(each);
  const lifted = lift(rest) as JsonObject;
  if (JSON.stringify(lifted).includes(`"#/components/schemas/${prefix}"`)) schemas[prefix] = lifted;
  return lifted;
}
