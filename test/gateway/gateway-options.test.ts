import assert from 'node:assert/strict';
import { tokenRuleOf } from '../../src/gateway/gateway-options.js';

describe('to whom the gateway is open', () => {
  const settings = { host: '127.0.0.1', port: 0, dev: false, deployment: null };
  const audience = 'https://gateway.example';
  const serviceAccount = 'events@our-project.iam.gserviceaccount.com';

  it('is to senders without a token in dev mode on loopback only', () => {
    for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) {
      assert.equal(tokenRuleOf({ ...settings, dev: true, host }), null);
    }
    for (const host of [
      '0.0.0.0',
      '::',
      '10.0.0.1',
      '127.evil.example',
      'localhost.evil.example',
    ]) {
      assert.throws(() => tokenRuleOf({ ...settings, dev: true, host }), /loopback only/);
    }
  });

  it('has to be said in full otherwise, on loopback too', () => {
    const both = /missing --audience \(gateway.audience\) and --service-account/;
    assert.throws(() => tokenRuleOf(settings), both);
    assert.throws(() => tokenRuleOf({ ...settings, audience }), /missing --service-account/);
    assert.throws(() => tokenRuleOf({ ...settings, serviceAccount }), /missing --audience/);
    assert.throws(() => tokenRuleOf({ ...settings, audience: '', serviceAccount }), /--audience/);
    assert.deepEqual(tokenRuleOf({ ...settings, audience, serviceAccount }), {
      audience,
      serviceAccount,
    });
  });
});
