// Mocha's usual output, and at the end the totals, and what failed, as JSON in the file that BEAMLINE_TOTALS names.
const { renameSync, writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class TotalsReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const again = [];
    // The counts of each file: one in which something failed may be run once more.
    const files = {};
    const countsOf = ({ file = '' }) =>
      (files[file] ??= { pass: 0, fail: 0, pending: 0, seconds: 0 });
    for (const outcome of ['pass', 'fail', 'pending']) {
      runner.on(outcome, (test) => (countsOf(test)[outcome] += 1));
    }
    runner.on('retry', (test, error) =>
      again.push({ title: test.fullTitle(), reason: reasonOf(error) }),
    );
    const slowest = [];
    const took = (runnable) => {
      const seconds = (runnable.duration ?? 0) / 1000;
      slowest.push([seconds, runnable.fullTitle()]);
      countsOf(runnable).seconds += seconds;
    };
    runner.on('test end', took);
    runner.on('hook end', took); // What a file starts for its tests.
    runner.once('end', () => {
      const file = process.env.BEAMLINE_TOTALS;
      if (!file) return;
      const { passes, failures, pending } = this.stats;
      const failed = this.failures.map((test) => ({
        title: test.fullTitle(),
        reason: reasonOf(test.err),
      }));
      const most = slowest.toSorted(([a], [b]) => b - a).slice(0, 20);
      const totals = { passes, failures, pending, failed, again, slowest: most, files };
      writeFileSync(`${file}.new`, JSON.stringify(totals));
      renameSync(`${file}.new`, file);
    });
  }
};

function reasonOf(error) {
  return String(error?.stack ?? error);
}
