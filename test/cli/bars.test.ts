import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunSnapshot } from '../../src/client/index.js';
import { createBars } from '../../src/cli/follow/bars.js';
import { snapshot } from '../support/run-snapshot.js';
import { linesShown } from '../support/terminal.js';

const size = { columns: 60, rows: 12 };
const frame = 500;

const started: RunSnapshot = {
  ...snapshot,
  // The line with the state stays as it is for the time of a test.
  started_at: new Date(Date.now() - 73 * 3_600_000).toISOString(),
  steps: {
    orders: { kind: 'source', rows: 100, bytes: 0, done: false },
    named: { kind: 'transform', rows: 90, bytes: 0, done: false },
  },
};
const bars = [
  '  running  3 d 1 h',
  '  orders  source     100 rows',
  '  named   transform  90 rows',
];

/** What a terminal shows of bars, as they are drawn. */
function terminal() {
  let written = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      // A terminal device does so.
      written += String(chunk).replaceAll('\n', '\r\n');
      done();
    },
  });
  const tty = Object.assign(stream, { isTTY: true, ...size }) as unknown as NodeJS.WriteStream;
  return { view: createBars([], tty), shown: () => linesShown(written, size) };
}

describe('the bars, as a terminal shows them', () => {
  it('go down by a line for each that is said above them, also those that have not changed', async () => {
    const { view, shown } = terminal();
    view.show(started);
    await sleep(frame);
    assert.deepEqual(await shown(), bars);
    view.note('The run goes on without this command. Ctrl-C again within 3 s cancels it.');
    await sleep(frame);
    const said = ['The run goes on without this command. Ctrl-C again within 3', '  s cancels it.'];
    assert.deepEqual(await shown(), [...said, ...bars]);
    view.end();
    assert.deepEqual(await shown(), [...said, ...bars.slice(1)]);
  });

  it('cut nothing off a word that is wider than the terminal', async () => {
    const { view, shown } = terminal();
    view.show(started);
    await sleep(frame);
    const name = `duckdb:${'a'.repeat(2 * size.columns)}`;
    view.note(`waits for ${name}, which another run holds`);
    await sleep(frame);
    assert.deepEqual(await shown(), [`waits for ${name},`, '  which another run holds', ...bars]);
    view.end();
  });

  it('lose nothing that is said just before the end, or before or after them', async () => {
    const { view, shown } = terminal();
    view.note('first');
    assert.deepEqual(await shown(), ['first']);
    view.show(started);
    await sleep(frame);
    view.note('cancelling; it cleans up first');
    view.end();
    view.note('cancelling failed');
    assert.deepEqual(await shown(), [
      'first',
      'cancelling; it cleans up first',
      ...bars.slice(1),
      'cancelling failed',
    ]);
  });
});
