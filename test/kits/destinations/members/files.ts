import { currentRows, filesSink } from '../../../destinations/files/support.js';
import type { KitMember } from '../place.js';

export const member: KitMember = {
  start: async () => ({
    newPlace: async (root) => {
      const sink = filesSink(root);
      return { sink, rows: () => currentRows(sink) };
    },
    stop: async () => undefined,
  }),
};
