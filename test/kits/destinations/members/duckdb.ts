import { duckdbSink, tableIds } from '../../../destinations/duckdb/support.js';
import type { KitMember } from '../place.js';

export const member: KitMember = {
  start: async () => ({
    newPlace: async (root) => ({ sink: duckdbSink(root), rows: () => tableIds(root) }),
    stop: async () => undefined,
  }),
};
