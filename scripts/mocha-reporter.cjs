// Mocha's usual output, and at the end the totals, and what failed, as JSON in the file that BEAMLINE_TOTALS names.
const { renameSync, writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class TotalsReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const file = process.env.BEAMLINE_TOTALS;
      if (!file) return;
      const { passes, failures, pending } = this.stats;
      const failed = this.failures.map((test) => ({
        title: test.fullTitle(),
        reason: String(test.err?.stack ?? test.err),
      }));
      writeFileSync(`${file}.new`, JSON.stringify({ passes, failures, pending, failed }));
      renameSync(`${file}.new`, file);
    });
  }
};
