import type { RunWindows } from '../../src/shared/run/window.js';

/** What a run reads of the source `orders`, in the tests that do not care. */
export const windows: RunWindows = {
  orders: {
    column: 'id',
    type: 'integer',
    low: '1',
    low_inclusive: true,
    high: '10',
    next: '10',
    basis: 'record',
  },
};
