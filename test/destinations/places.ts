import { temporaryRoot } from '../support/stack.js';
import { newDataset, startForTests } from './bigquery/support.js';
import { duckdbSink, tableIds } from './duckdb/support.js';
import { currentRows, filesSink } from './files/support.js';
import type { TestSink } from './support.js';

/** One destination of its own, and the ids that it holds, in order. */
export interface Place {
  sink: TestSink;
  rows: () => Promise<string[]>;
}

interface Kind {
  name: string;
  /** Starts what the places need; they end with `stop`. */
  start: () => Promise<{ newPlace: (root: string) => Promise<Place>; stop: () => Promise<void> }>;
}

/** For each test of a `describe` a destination of that kind, in a project root of its own. */
export function withPlace(
  { start }: Kind,
  onReady: (ready: Place & { root: string }) => unknown,
): void {
  let started: Awaited<ReturnType<Kind['start']>>;
  let remove: () => Promise<void>;
  before(async () => {
    started = await start();
  });
  after(() => started.stop());
  beforeEach(async () => {
    const { root, remove: removeRoot } = await temporaryRoot();
    remove = removeRoot;
    await onReady({ root, ...(await started.newPlace(root)) });
  });
  afterEach(() => remove());
}

/** Every kind of destination, to be held to one rule. */
export const kinds: Kind[] = [
  {
    name: 'duckdb',
    start: async () => ({
      newPlace: async (root) => ({ sink: duckdbSink(root), rows: () => tableIds(root) }),
      stop: async () => undefined,
    }),
  },
  {
    name: 'files',
    start: async () => ({
      newPlace: async (root) => {
        const sink = filesSink(root);
        return { sink, rows: () => currentRows(sink) };
      },
      stop: async () => undefined,
    }),
  },
  {
    name: 'bigquery',
    start: async () => {
      const { root: home, remove } = await temporaryRoot();
      const { emulator, stop } = await startForTests(home);
      return {
        newPlace: async (root) => {
          const dataset = await newDataset(emulator, root);
          return { sink: dataset.sink(), rows: () => dataset.ids() };
        },
        stop: async () => {
          await stop();
          await remove();
        },
      };
    },
  },
];
