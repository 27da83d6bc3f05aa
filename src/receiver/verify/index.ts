export {
  asConflict,
  readingOf,
  verifiedDelivery,
  verifyDelivery,
  type PendingDelivery,
  type RawDelivery,
  type VerifiedDelivery,
  type VerifyConfig,
  type VerifyFault,
} from './delivery';
export { createRereader, isJson, parseBody, userIdOf, type ParsedBody } from './parse';
export type { Reading } from './read-data';
export { parseTimestamp, type SignedMessage } from './signature';
