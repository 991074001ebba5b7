// Mocha's usual output, and at the end the totals, and what failed, as JSON in the file that BEAMLINE_TOTALS names.
const { renameSync, writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class TotalsReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const again = [];
    // The counts of each file: one in which something failed may be run once more.
    const files = {};
    for (const outcome of ['pass', 'fail', 'pending']) {
      runner.on(outcome, ({ file = '' }) => {
        const counts = (files[file] ??= { pass: 0, fail: 0, pending: 0 });
        counts[outcome] += 1;
      });
    }
    runner.on('retry', (test, error) =>
      again.push({ title: test.fullTitle(), reason: reasonOf(error) }),
    );
    const slowest = [];
    runner.on('test end', (test) => slowest.push([(test.duration ?? 0) / 1000, test.fullTitle()]));
    // What a file starts for its tests.
    runner.on('hook end', (hook) => slowest.push([(hook.duration ?? 0) / 1000, hook.fullTitle()]));
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
