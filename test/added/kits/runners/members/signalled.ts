import type { KitMember } from '../member.js';

export const member: KitMember = {
  traits: { adopts: true, hears: true },
  settings: '',
  starts: 'startSignalled',
  start: async () => ({
    deps: {},
    signal: {
      name: 'signalledEnded',
      malformed: [null, 7, [], {}, { ended: 'yes' }],
      forged: () => ({ ended: true }),
    },
    stop: async () => undefined,
  }),
};
