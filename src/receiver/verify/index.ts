export {
  asConflict,
  verifiedDelivery,
  verifyDelivery,
  type PendingDelivery,
  type RawDelivery,
  type VerifiedDelivery,
  type VerifyConfig,
  type VerifyFault,
} from './delivery';
export { createRereader, isDeeper, isJson, parseBody, userIdOf, type ParsedBody } from './parse';
export { parseTimestamp, type SignedMessage } from './signature';
