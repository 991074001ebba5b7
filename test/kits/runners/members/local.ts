import type { KitMember } from '../member.js';

export const member: KitMember = {
  traits: { adopts: false, hears: false },
  settings: '',
  starts: 'runBeam',
  start: async () => ({ deps: {}, stop: async () => undefined }),
};
