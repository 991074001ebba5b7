import type { RunSnapshot } from '../../client/index.js';
import { stepsOfReceipt } from '../../shared/run/progress.js';
import { clock } from '../terminal/format.js';
import { doneText, eventsBetween, stepText } from './events.js';
import { Rates } from './rates.js';
import type { ProgressView } from './progress-view.js';

/** Milliseconds after which steps under way get a line, although nothing ended. */
const signOfLifeMs = 10_000;

/** One line per event, with its time. */
export function createLines(
  write: (line: string) => void,
  now: () => Date = () => new Date(),
): ProgressView {
  const rates = new Rates();
  let before: RunSnapshot | undefined;
  let lastLine = 0;
  const line = (text: string): void => {
    const time = now();
    lastLine = time.getTime();
    write(`${clock(time)}  ${text}`);
  };
  return {
    show(snapshot) {
      rates.observe(snapshot, now().getTime());
      for (const { text } of eventsBetween(before, snapshot)) line(text);
      before = { ...snapshot, steps: { ...before?.steps, ...snapshot.steps } };
      if (now().getTime() - lastLine < signOfLifeMs) return;
      for (const [name, step] of Object.entries(snapshot.steps)) {
        if (!step.done) line(`${name}  ${stepText(step, rates.of(snapshot, name))}`);
      }
    },
    note: line,
    end(receipt) {
      for (const [name, { rows }] of Object.entries(receipt ? stepsOfReceipt(receipt) : {})) {
        if (before?.steps[name]?.done !== true) line(doneText(name, rows));
      }
    },
  };
}
