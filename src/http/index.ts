export { bearerOf, credentialOf, faultOfOrigin } from './access';
export { createApp, placeOf, serve } from './app';
export { guardOrigin } from './guard-origin';
export { IDLE_MS, isUnused, limitSilence } from './idle';
export { createLimitedServer, SERVER_LIMITS, type LimitedServer } from './limited-server';
export { listenOn } from './listen';
export { createPrivatePort, type PrivatePort, type PrivateRoutes } from './private-port';
export {
  FORBIDDEN,
  isBodyPending,
  METHOD_NOT_ALLOWED,
  NO_CREDENTIAL,
  NOT_FOUND,
  sendProblem,
  sendProblemTo,
  type HttpProblem,
} from './problem';
export { REQUEST_EVENTS, trackRequests } from './shutdown';
