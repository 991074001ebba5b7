// Mocha's usual output, and at the end the totals as JSON in the file that BEAMLINE_TOTALS names.
const { renameSync, writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class TotalsReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const file = process.env.BEAMLINE_TOTALS;
      if (!file) return;
      const { passes, failures, pending } = this.stats;
      writeFileSync(`${file}.new`, JSON.stringify({ passes, failures, pending }));
      renameSync(`${file}.new`, file);
    });
  }
};
