import { MultiBar, type SingleBar } from 'cli-progress';
import type { RunSnapshot, StepProgress } from '../../client/index.js';
import { stepsOfReceipt } from '../../shared/run/progress.js';
import { clipped } from '../terminal/format.js';
import { wrapped } from '../terminal/wrap.js';
import { elapsed, eventsBetween, percentOf, standingText, stepText } from './events.js';
import { Rates } from './rates.js';
import type { KnownSteps } from '../lines/known-steps.js';
import type { ProgressView } from './progress-view.js';
import { counted } from '../../shared/counts.js';

/** A bar per step and a line with the state, redrawn in place. */
export function createBars(steps: KnownSteps, stream: NodeJS.WriteStream): ProgressView {
  const bars = new MultiBar({
    stream,
    format: (_options, _parameters, { text }: { text: string }) => text,
    hideCursor: true,
    linewrap: false,
    fps: 5,
    gracefulExit: false,
    // What is said above the bars moves those that have not changed, too.
    forceRedraw: true,
    // A bar that stays where another was removed is not drawn again: the last lines are written anew.
    clearOnComplete: true,
  });
  const lines = new Map<string, SingleBar>();
  const known: KnownSteps = steps.map((step) => ({ ...step }));
  const rates = new Rates();
  const draw = (key: string, text: string): void => {
    const payload = { text: clipped(text, (stream.columns ?? 80) - 1) };
    const line = lines.get(key);
    if (line === undefined) lines.set(key, bars.create(1, 0, payload));
    else line.update(payload);
  };
  /** Above the bars, where there are any. */
  const log = (text: string): void => {
    const isDrawn = lines.size > 0 && !isEnded;
    for (const line of wrapped(text, stream.columns ?? 80)) {
      if (isDrawn) bars.log(lineAbove(line));
      else stream.write(`${line}\n`);
    }
  };
  let last: RunSnapshot | undefined;
  let isEnded = false;
  const drawState = (): void => {
    if (last === undefined) return;
    const hidden = Object.keys(last.steps).length - (lines.size - 1);
    const more = hidden > 0 && lines.size > 1 ? `  and ${counted(hidden, 'more step')}` : '';
    draw('', `  ${standingText(last)}  ${elapsed(last.started_at, Date.now())}${more}`);
  };
  /** Who follows a run that another started learns of its steps by and by. */
  const learn = (name: string, kind: StepProgress['kind'], module = ''): void => {
    const step = known.find((candidate) => candidate.name === name);
    if (step === undefined) known.push({ name, kind, module });
    else step.module ||= module;
  };
  const lineOf = (name: string, step: StepProgress, perSecond: number | null): string =>
    stepLine(known, name, step, perSecond, stream.columns ?? 80);
  const ticking = setInterval(drawState, 500);
  return {
    show(snapshot) {
      rates.observe(snapshot, Date.now());
      for (const { kind, text } of eventsBetween(last, snapshot)) {
        if (kind === 'trouble') log(`  ${text}`);
      }
      last = snapshot;
      // All before one is drawn: its columns are as wide as those of the others.
      for (const [name, { kind }] of Object.entries(snapshot.steps)) learn(name, kind);
      drawState();
      // What is higher than the terminal could not be drawn over.
      const most = Math.max(1, (stream.rows ?? 24) - 3);
      for (const name of inOrder(known, Object.keys(snapshot.steps))) {
        const step = snapshot.steps[name];
        if (step === undefined || (!lines.has(name) && lines.size > most)) continue;
        draw(name, lineOf(name, step, rates.of(snapshot, name)));
      }
    },
    note: log,
    end(receipt) {
      if (isEnded) return;
      isEnded = true;
      clearInterval(ticking);
      if (lines.size > 0) {
        bars.update(); // Else what was said since the last drawing is lost.
        bars.stop();
      }
      for (const { name, kind, module } of receipt?.steps ?? []) learn(name, kind, module);
      const sinks = [...(receipt?.sinks ?? []), ...(receipt?.written ?? [])];
      for (const { name, module } of sinks) learn(name, 'sink', module);
      const steps = { ...last?.steps, ...(receipt && stepsOfReceipt(receipt)) };
      for (const name of inOrder(known, Object.keys(steps))) {
        const step = steps[name];
        const width = (stream.columns ?? 80) - 1;
        if (step !== undefined) stream.write(`${clipped(lineOf(name, step, null), width)}\n`);
      }
    },
  };
}

/** `  flights  source postgres  ████████████░░░░░░░░  120,000 of 336,776 rows  35%  118k/s`. */
export function stepLine(
  known: KnownSteps,
  name: string,
  step: StepProgress,
  perSecond: number | null,
  width: number,
): string {
  const found = known.find((candidate) => candidate.name === name);
  const what = found === undefined ? step.kind : whatOf(found);
  const nameWidth = widthOf(known.map((candidate) => candidate.name));
  const whatWidth = widthOf(known.map(whatOf));
  const numbers = stepText(step, perSecond);
  const head = `  ${clipped(name, nameWidth).padEnd(nameWidth)}  ${clipped(what, whatWidth).padEnd(whatWidth)}`;
  const room = Math.min(20, width - head.length - numbersWidth - 5);
  return `${head}  ${room < 8 ? '' : `${barOf(step, room)}  `}${numbers}`;
}

/**
 * A line for above the bars. What it is drawn over is not cleared by itself; and a word that is wider than
 * the terminal goes on in the next line, where bars would end.
 */
function lineAbove(text: string): string {
  return `\u001B[J\u001B[?7h${text}\u001B[?7l\n`;
}

function widthOf(texts: readonly string[]): number {
  return Math.min(24, Math.max(...texts.map((text) => text.length)));
}

function whatOf({ kind, module }: KnownSteps[number]): string {
  return `${kind} ${module}`.trim();
}

/** Room for `1,234,567 of 9,999,999 rows  35%  118k/s`. */
const numbersWidth = 42;

function barOf(step: StepProgress, width: number): string {
  const percent = percentOf(step);
  // Where the total is not known, nothing is said by the length.
  if (percent === null) return '·'.repeat(width);
  const full = Math.round((width * percent) / 100);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

function inOrder(known: KnownSteps, names: string[]): string[] {
  const place = (name: string): number => known.findIndex((step) => step.name === name);
  return names.toSorted((a, b) => place(a) - place(b));
}
