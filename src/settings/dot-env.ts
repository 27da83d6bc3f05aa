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
  return { ...readDotEnv(text), ...env };
}

/** A variable with its value: quoted, over several lines if need be, or to the end of the line. */
const ASSIGNMENT = /^([ \t]*(?:export[ \t]+)?[\w.-]+[ \t]*=)([^\S\n]*)(?:(["'`])[\s\S]*?\3|([^\s'"`][^\n]*)$)/gm;

/**
 * The variables of a `.env` file. `#` begins a comment only after white space, as in Docker Compose: Node's parser ends an
 * unquoted value at any `#` (tried), which would cut a password short without a word. A byte order mark is no part of a name.
 */
export function readDotEnv(text: string): NodeJS.Dict<string> {
  const quoted = text.replace(/^\uFEFF/, '').replace(ASSIGNMENT, (whole, ...[name, space, , unquoted]: Parts) => {
    if (unquoted === undefined) return whole;
    if (space !== '' && unquoted.startsWith('#')) return name;
    const value = unquoted.replace(/\s#.*$/, '').trimEnd();
    const quote = ["'", '"', '`'].find((each) => !value.includes(each));
    return value.includes('#') && quote !== undefined ? `${name}${quote}${value}${quote}` : whole;
  });
  return parseEnv(quoted);
}

type Parts = [name: string, space: string, quote: string | undefined, unquoted: string | undefined, ...unknown[]];
