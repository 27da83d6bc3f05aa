'use strict';
/** Prints what failed, what was skipped and what ran more than once of a Jest JSON report, then `N passed, N failed, N skipped`. */
const { readFileSync } = require('node:fs');

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
for (const file of report.testResults) {
  const failed = file.assertionResults.filter(({ status }) => status === 'failed');
  for (const { fullName, failureMessages } of failed)
    console.log(`failed: ${fullName}\n${failureMessages.join('\n')}\n`);
  for (const { fullName, status, invocations = 1 } of file.assertionResults) {
    if (status === 'pending') console.log(`skipped: ${fullName}`);
    if (invocations > 1) console.log(`ran ${invocations} times: ${fullName}`);
  }
  if (file.status === 'failed' && failed.length === 0) console.log(`failed: ${file.name}\n${file.message}\n`);
}
const broken = report.numRuntimeErrorTestSuites;
const skipped = report.numPendingTests + report.numTodoTests;
console.log(`${report.numPassedTests} passed, ${report.numFailedTests + broken} failed, ${skipped} skipped`);
