import { newDataset, startForTests } from '../../../destinations/bigquery/support.js';
import { temporaryRoot } from '../../../support/stack.js';
import type { KitMember } from '../place.js';

export const member: KitMember = {
  async start() {
    const { root: home, remove } = await temporaryRoot();
    const { emulator, stop } = await startForTests(home);
    return {
      async newPlace(root) {
        const dataset = await newDataset(emulator, root);
        return { sink: dataset.sink(), rows: () => dataset.ids() };
      },
      async stop() {
        await stop();
        await remove();
      },
    };
  },
};
