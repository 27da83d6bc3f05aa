export { createApp, placeOf, serve } from './app';
export { IDLE_MS, isUnused, limitSilence } from './idle';
export { createPrivatePort, type PrivatePort, type PrivateRoutes } from './private-port';
export { sendProblem, sendProblemTo, type HttpProblem } from './problem';
export { REQUEST_EVENTS, trackRequests } from './shutdown';
