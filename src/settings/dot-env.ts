import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import type { Environment } from './variables';

/** `env`, and what `.env` in the working directory adds to it. Only on a developer's machine: production reads no file. */
export function withDotEnv(env: Environment): Environment {
  let text: string;
  try {
    text = readFileSync(resolve('.env'), 'utf8');
  } catch {
    return env;
  }
  return { ...parseEnv(text), ...env };
}
