/** What can be said of a delivery without a running receiver: this face loads neither Express nor Temporal's client. */
export { adviseOn, diagnose, refusals, type Diagnosable, type Diagnosis, type DiagnosisConfig } from './refusals';
export { createRereader, parseTimestamp } from './verify';
