import assert from 'node:assert/strict';
import { createSign, generateKeyPairSync, type KeyPairKeyObjectResult } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEventIntake } from '../../src/gateway/intake/event-intake.js';
import { createEventMetrics } from '../../src/gateway/intake/metrics.js';
import { createGatewayServer } from '../../src/gateway/server.js';
import { createTokenCheck } from '../../src/gateway/access/token-check.js';
import { binary, jobData } from '../support/job-events.js';

describe("the check of a sender's token", () => {
  const keys = ['one', 'two', 'strange'].map((kid) => ({
    kid,
    ...generateKeyPairSync('rsa', { modulusLength: 2048 }),
  }));
  const [first, second, strange] = keys as [Key, Key, Key];
  type Key = KeyPairKeyObjectResult & { kid: string };

  const audience = 'https://gateway.example/events/dataflow';
  const serviceAccount = 'events@our-project.iam.gserviceaccount.com';
  let published: Key[] = [];
  let status = 200;
  let asked = 0;
  let maxAge = 20_000;
  let issuer: Server;
  before(async () => {
    issuer = createServer((_request, response) => {
      asked++;
      const pems = published.map(({ kid, publicKey }) => [
        kid,
        publicKey.export({ type: 'spki', format: 'pem' }),
      ]);
      response.writeHead(status, {
        'content-type': 'application/json',
        'cache-control': `public, max-age=${maxAge}`,
      });
      response.end(JSON.stringify(Object.fromEntries(pems)));
    }).listen(0, '127.0.0.1');
    await once(issuer, 'listening');
  });
  after(() => issuer.close());
  beforeEach(() => {
    published = [first];
    status = 200;
    asked = 0;
    maxAge = 20_000;
  });

  function check() {
    const { port } = issuer.address() as AddressInfo;
    const certificatesUrl = `http://127.0.0.1:${port}/certs`;
    return createTokenCheck({ audience, serviceAccount, certificatesUrl });
  }

  function token(changed: Record<string, unknown> = {}, key: Key = first, alg = 'RS256'): string {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: 'https://accounts.google.com',
      aud: audience,
      email: serviceAccount,
      email_verified: true,
      sub: '113774264463038321964',
      iat: now,
      exp: now + 3600,
      ...changed,
    };
    const signed = `${part({ alg, kid: key.kid, typ: 'JWT' })}.${part(claims)}`;
    const signature = createSign('RSA-SHA256').update(signed).sign(key.privateKey, 'base64url');
    return `Bearer ${signed}.${signature}`;
  }

  it('takes a token of the service account, and keeps the certificates', async () => {
    const verdictOf = check();
    assert.equal(await verdictOf(token()), 'good');
    assert.equal(await verdictOf(token()), 'good');
    assert.equal(asked, 1);
  });

  const now = Math.floor(Date.now() / 1000);
  const refused: Record<string, [Record<string, unknown>, string]> = {
    'for another audience': [{ aud: 'https://elsewhere.example' }, 'invalid'],
    'of another issuer': [{ iss: 'https://elsewhere.example' }, 'invalid'],
    'that has run out': [{ iat: now - 7200, exp: now - 3600 }, 'invalid'],
    'that is not yet good': [{ iat: now + 3000, exp: now + 3600 }, 'invalid'],
    'without an end': [{ exp: undefined }, 'invalid'],
    'of another service account': [{ email: 'somebody@example.com' }, 'forbidden'],
    'without an email': [{ email: undefined }, 'forbidden'],
    'whose email is not verified': [{ email_verified: false }, 'forbidden'],
    'whose email is verified in words only': [{ email_verified: 'true' }, 'forbidden'],
  };
  for (const [what, [claims, verdict]] of Object.entries(refused)) {
    it(`refuses a token ${what}`, async () => {
      assert.equal(await check()(token(claims)), verdict);
    });
  }

  it('refuses a token that another key signed under a known name', async () => {
    assert.equal(await check()(token({}, { ...strange, kid: 'one' })), 'invalid');
  });

  it('refuses a token whose claims were changed, or that is not signed at all', async () => {
    const [header, , signature] = token().slice('Bearer '.length).split('.');
    const [, claims] = token({ email: serviceAccount, sub: 'forged' }).split('.');
    assert.equal(await check()(`Bearer ${header}.${claims}.${signature}`), 'invalid');
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid: 'one' })).toString('base64url');
    assert.equal(await check()(`Bearer ${none}.${claims}.AAAA`), 'invalid');
  });

  it('tells no token from one that is none', async () => {
    assert.equal(await check()(undefined), 'missing');
    assert.equal(await check()('Basic dXNlcjpwYXNz'), 'invalid');
    assert.equal(await check()('Bearer a.b.c'), 'invalid');
    assert.equal(await check()('Bearer '), 'invalid');
  });

  it('takes a key that was published after it looked, and does not look at every strange one', async () => {
    const verdictOf = check();
    assert.equal(await verdictOf(token()), 'good');
    published = [first, second];
    assert.equal(await verdictOf(token({}, second)), 'good');
    for (let n = 0; n < 20; n++) assert.equal(await verdictOf(token({}, strange)), 'invalid');
    assert.equal(asked, 2);
  });

  it('says nothing of a token while the certificates cannot be had', async () => {
    status = 404;
    const verdictOf = check();
    assert.equal(await verdictOf(token()), 'unavailable');
    status = 200;
    assert.equal(await verdictOf(token()), 'good');
  });

  it('goes on with the certificates that it has while newer ones cannot be had', async () => {
    const verdictOf = check();
    assert.equal(await verdictOf(token()), 'good');
    status = 404;
    // A key that nobody knows makes it look, and the look fails: nothing is known of that token alone.
    assert.equal(await verdictOf(token({}, second)), 'unavailable');
    assert.equal(await verdictOf(token()), 'good');
    for (let n = 0; n < 20; n++) assert.equal(await verdictOf(token({}, strange)), 'unavailable');
    assert.equal(await verdictOf(token()), 'good');
    assert.equal(asked, 2);
  });

  it('goes on with them, too, once they are older than their server says', async () => {
    maxAge = 0;
    const verdictOf = check();
    assert.equal(await verdictOf(token()), 'good');
    status = 404;
    for (let n = 0; n < 20; n++) assert.equal(await verdictOf(token()), 'good');
    assert.equal(asked, 2);
  });

  it('is no key of an object that has no such certificate', async () => {
    for (const kid of ['__proto__', 'constructor', 'toString']) {
      assert.equal(await check()(token({}, { ...strange, kid })), 'invalid');
    }
  });

  it('stands before the gateway, which tells a stranger nothing', async () => {
    const metrics = createEventMetrics();
    const signals: string[] = [];
    const runs = {
      signal: async (workflowId: string) => {
        signals.push(workflowId);
        return 'signalled' as const;
      },
      isReady: async () => true,
    };
    const intake = createEventIntake({ runs, deployment: null, metrics });
    const server = createGatewayServer({ intake, runs, metrics, checkToken: check() });
    const send = async (authorization?: string) => {
      const { headers, body } = binary(jobData({}));
      return server.inject({
        method: 'POST',
        url: '/events/dataflow',
        headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
        payload: body,
      });
    };
    const answers = [
      await send(),
      await send('Bearer a.b.c'),
      await send(token({ email: 'x@y.z' })),
    ];
    assert.deepEqual(
      answers.map(({ statusCode, body }) => [statusCode, body]),
      [
        [401, '{"error":"unauthorized"}'],
        [401, '{"error":"unauthorized"}'],
        [403, '{"error":"forbidden"}'],
      ],
    );
    assert.deepEqual(signals, []);
    assert.equal((await send(token())).statusCode, 200);
    assert.equal(signals.length, 1);
    assert.match(
      await metrics.registry.metrics(),
      /beamline_event_auth_failures_total\{why="missing"\} 1/,
    );
  });
});

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
