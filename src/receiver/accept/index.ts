export { createAccept, type Accept, type Accepted, type DeliveryStore, type Put, type StoreRefusal } from './accept';
export { createReplayGuard } from './replay-guard';
export { createStartSlots, type ReleaseSlot, type StartSlots } from './start-slots';
export {
  createStarter,
  describeFailure,
  scopeOf,
  type OnEndedFromOutside,
  type Started,
  type WorkflowStarter,
} from './temporal-starter';
