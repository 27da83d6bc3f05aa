/** Which view an address shows. */
import { Needs } from './views/needs.js';
import { NotFound } from './views/not-found.js';

const VIEWS = [[/^\/(needs)?$/, Needs]];

export function viewOf(path) {
  for (const [pattern, View] of VIEWS) {
    const match = pattern.exec(path);
    if (match) return { View, id: match.groups?.id && decodeURIComponent(match.groups.id) };
  }
  return { View: NotFound };
}
