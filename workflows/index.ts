/** The workflow types, by the names that Temporal Web UI shows. */
export { accessCheck } from './access-check';
export { courseCompletion } from './course-completion';
export { eraseArchive } from './erase-archive';
export { housekeeping } from './housekeeping';
export { moduleProgress } from './module-progress';
export { offboarding } from './offboarding';
export { onboarding } from './onboarding';
export { quarantine } from './quarantine';
export { quizCoaching } from './quiz-coaching';
export { recertification } from './recertification';
