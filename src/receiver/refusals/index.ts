export { adviseOn } from './causes';
export { createRefusalCounts, type RefusalCounts } from './counts';
export { diagnose, type Diagnosable, type Diagnosis, type DiagnosisConfig } from './diagnose';
export { MAX_BODY_BYTES, refusals, RETRY_AFTER_SECONDS, type RefusalAnswer, type Rule } from './rules';
