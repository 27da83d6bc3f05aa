/** Which view an address shows. */
import { Audit } from './views/audit.js';
import { Case } from './views/case.js';
import { Coaching } from './views/coaching.js';
import { Connectors } from './views/connectors.js';
import { Deliveries } from './views/deliveries.js';
import { Health } from './views/health.js';
import { Hires } from './views/hires.js';
import { Leaderboard } from './views/leaderboard.js';
import { Learner } from './views/learner.js';
import { Leaver } from './views/leaver.js';
import { Leavers } from './views/leavers.js';
import { Needs } from './views/needs.js';
import { NotFound } from './views/not-found.js';
import { Observed } from './views/observed.js';
import { Progress } from './views/progress.js';
import { Quarantine } from './views/quarantine.js';
import { Quarantined } from './views/quarantined.js';
import { Recertifications } from './views/recertifications.js';

const VIEWS = [
  [/^\/(needs)?$/, Needs],
  [/^\/leavers$/, Leavers],
  [/^\/leavers\/(?<id>[^/]+)$/, Leaver],
  [/^\/recertifications$/, Recertifications],
  [/^\/coaching$/, Coaching],
  [/^\/hires$/, Hires],
  [/^\/quarantine$/, Quarantine],
  [/^\/quarantine\/(?<id>[^/]+)$/, Quarantined],
  [/^\/leaderboard$/, Leaderboard],
  [/^\/progress$/, Progress],
  [/^\/learners\/(?<id>[^/]+)$/, Learner],
  [/^\/cases\/(?<id>[^/]+)$/, Case],
  [/^\/deliveries$/, Deliveries],
  [/^\/observed$/, Observed],
  [/^\/connectors$/, Connectors],
  [/^\/audit$/, Audit],
  [/^\/health$/, Health],
];

export function viewOf(path) {
  for (const [pattern, View] of VIEWS) {
    const match = pattern.exec(path);
    if (match) return { View, id: match.groups?.id && decodeURIComponent(match.groups.id) };
  }
  return { View: NotFound };
}
