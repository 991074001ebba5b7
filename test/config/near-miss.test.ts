import assert from 'node:assert/strict';
import { nearMiss, shortList } from '../../src/config/values/near-miss.js';

describe('the near miss of a word', () => {
  const cases: [string, string[], string | undefined][] = [
    ['querry', ['query', 'profile'], 'query'],
    ['dya', ['day', 'limit'], 'day'],
    ['mergeKeys', ['merge_keys', 'mode'], 'merge_keys'],
    ['Postgres', ['postgres', 'mysql'], 'postgres'],
    ['orderss', ['orders'], 'orders'],
    ['warehuose', ['warehouse'], 'warehouse'],
    ['write_disposition', ['create_disposition', 'mode'], 'create_disposition'],
    ['customer_orders', ['customer_addresses'], undefined],
    ['x', ['name', 'module'], undefined],
    ['warehouse', ['lake'], undefined],
    ['anything', [], undefined],
  ];
  for (const [word, allowed, expected] of cases) {
    it(`of ${word} among ${allowed.join(', ') || 'nothing'} is ${expected ?? 'none'}`, () => {
      assert.equal(nearMiss(word, allowed), expected);
    });
  }

  it('lists at most twelve words', () => {
    const words = Array.from({ length: 14 }, (_, index) => `w${index}`);
    assert.match(shortList(words), /w11 and 2 more$/);
  });
});
