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

/** Every kind of destination, to be held to one rule. */
export const kinds: {
  name: string;
  /** Starts what the places need; they end with `stop`. */
  start: () => Promise<{ newPlace: (root: string) => Promise<Place>; stop: () => Promise<void> }>;
}[] = [
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
