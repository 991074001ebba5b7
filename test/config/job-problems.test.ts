import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRunRequest } from '../../src/client/run-request.js';
import { ConfigProblems, checkConfig, loadConfig } from '../../src/config/index.js';
import { formatProblems } from '../../src/config/document/problems.js';
import { temporaryFolder } from './support.js';

const settings = `project: my-project
store: gs://my-bucket/beamline
launch: { region: europe-west1, container_spec_gcs_path: gs://my-bucket/spec.json }
`;
const secret = '${secret:projects/p/secrets/shop/versions/latest}';

const config = (parameters: string, path = 'data/*.csv'): string => `name: orders
sources:
  - name: shop
    module: postgres
    parameters:
      query: select 1
${parameters}
  - { name: more, module: files, parameters: { path: ${path} } }
sinks:
  - { name: w, module: duckdb, input: shop, parameters: { database: w.duckdb, table: t } }
  - { name: v, module: duckdb, input: more, parameters: { database: w.duckdb, table: v } }
`;

describe('what a job on Dataflow may not get', () => {
  const folder = temporaryFolder();
  beforeEach(() => folder.write('beamline.yaml', settings));

  /** What is said before a run is started. */
  async function said(
    text: string,
    profile?: Record<string, unknown>,
    options: { runner?: string; allowPlaintextProfile?: boolean } = {},
  ): Promise<string> {
    folder.write('configs/orders.yaml', text);
    if (profile !== undefined) {
      const profiles = { shop: { host: 'db', database: 'd', user: 'u', ...profile } };
      writeFileSync(join(folder.path, '.connections.json'), JSON.stringify(profiles, null, 2));
    }
    const asked = { root: folder.path, runner: 'dataflow' as const, ...options };
    try {
      await createRunRequest('configs/orders.yaml', asked);
      return '';
    } catch (error) {
      assert.ok(error instanceof ConfigProblems, String(error));
      return formatProblems(error.problems);
    }
  }

  const withProfile = config('      profile: shop');

  /** What is said of a profile with these attributes, of a run on this machine. */
  const given = async (tls: Record<string, string>): Promise<string> =>
    said(withProfile, { password: secret, ...tls }, { runner: 'local' });

  it('is said at its place, before anything is started', async () => {
    assert.equal(
      await said(withProfile, { password: 'planted' }),
      '.connections.json:6:17  shop.password  the password of profile `shop` would be uploaded in ' +
        'plain text: write `${secret:projects/PROJECT/secrets/NAME/versions/latest}` in its place, ' +
        'or upload it in plain text with --allow-plaintext-profile',
    );
    assert.match(
      await said(withProfile, { password: '${file:secret.txt}' }),
      /6:17 .*is `\$\{file:secret\.txt\}`, which a Dataflow job cannot resolve/,
    );
    assert.match(
      await said(
        config('      host: ${env:H}\n      database: d\n      user: u\n      password: ${env:P}'),
      ),
      /orders\.yaml:7:13 .*cannot resolve `\$\{env:H\}`: write the value or [^]*:10:17 .*`\$\{env:P\}`: write `\$\{secret:/,
    );
    assert.match(
      await said(config('      profile: shop', '/data/*.csv'), { password: secret }),
      /orders\.yaml:8:\d+ +sources\[1\]\.parameters\.path .*cannot read `\/data\/\*\.csv`/,
    );
  });

  it('is nothing with a secret, without a password, on this machine, or if it is allowed', async () => {
    assert.equal(await said(withProfile, { password: secret, host: '${env:H}' }), '');
    assert.equal(await said(withProfile, {}), '');
    assert.equal(await said(withProfile, { password: 'x' }, { runner: 'local' }), '');
    assert.equal(await said(withProfile, { password: 'x' }, { allowPlaintextProfile: true }), '');
    const attributes = `      host: h\n      database: d\n      user: u\n      password: ${secret}`;
    assert.equal(await said(config(attributes)), '');
  });

  it('is a private key in plain text, or a certificate that stays on this machine', async () => {
    const key = '-----BEGIN PRIVATE KEY-----';
    for (const attribute of ['ssl_key', 'sslkey']) {
      const inText = await said(withProfile, { [attribute]: key });
      assert.match(
        inText,
        new RegExp(`6:\\d+ .*the \`${attribute}\` of profile \`shop\` would be uploaded`),
      );
      assert.doesNotMatch(inText, /BEGIN/);
      const ofFile = await said(withProfile, { [attribute]: '${file:tls/key.pem}' });
      assert.match(ofFile, /is `\$\{file:tls\/key\.pem\}`, which a Dataflow job cannot resolve/);
      const path = await said(withProfile, { [attribute]: 'tls/key.pem' });
      assert.match(path, /`tls\/key\.pem` is a file of this machine.* write `\$\{secret:/);
      assert.equal(await said(withProfile, { [attribute]: secret }), '');
    }
    for (const attribute of ['sslrootcert', 'sslcert', 'ssl_ca', 'ssl_cert']) {
      const path = await said(withProfile, { [attribute]: 'tls/ca.pem' });
      assert.match(
        path,
        /6:\d+ .*is a file of this machine.* write `\$\{file:tls\/ca\.pem\}` in a/,
      );
      for (const travels of ['${file:tls/ca.pem}', '/etc/ssl/ca.pem', 'gs://bucket/ca.pem', secret])
        assert.equal(await said(withProfile, { [attribute]: travels }), '');
    }
    const attributes = '      host: h\n      database: d\n      user: u\n      sslrootcert: ca.pem';
    assert.match(await said(config(attributes)), /10:20 .*`ca\.pem` is a file of this machine/);
  });

  it('a mode of TLS is one of those that its database has, everywhere', async () => {
    assert.equal(await given({ ssl_mode: 'verify_identity' }), '');
    assert.equal(await given({ sslmode: 'verify-full', sslcert: 'c.pem', sslkey: 'k.pem' }), '');
    assert.equal(await given({ sslmode: '${env:MODE}' }), '');
    assert.match(await given({ ssl_mode: 'VERIFY' }), /shop\.ssl_mode .*must be one of DISABLED, /);
    assert.match(
      await given({ sslmode: 'verify_full' }),
      /shop\.sslmode .*must be one of disable, /,
    );
    assert.match(await given({ ssl_cart: 'c.pem' }), /shop\.ssl_cart .*unknown key/);
  });

  it('names for a password in a config what its runner can resolve', async () => {
    const plain = config(
      '      host: h\n      database: d\n      user: u\n      password: planted',
    );
    const ofJob = await said(`${plain}runner: dataflow\n`);
    assert.match(ofJob, /10:17 .*a secret may not stand in a config; write `\$\{secret:/);
    assert.doesNotMatch(ofJob, /\$\{(env|file):|planted/);
    const ofEither = await said(plain, undefined, { runner: 'local' });
    assert.match(ofEither, /write `\$\{secret:.*for the local runner only, `\$\{env:NAME\}` or/);
  });

  it('a reference to a secret is checked everywhere', async () => {
    const check = async (text: string): Promise<string> => {
      folder.write('configs/orders.yaml', text);
      const loaded = loadConfig('configs/orders.yaml', { root: folder.path });
      return formatProblems((await checkConfig(loaded, { root: folder.path })).problems);
    };
    const attributes = (password: string): string =>
      config(`      host: h\n      database: d\n      user: u\n      password: ${password}`);
    assert.equal(await check(attributes(secret)), '');
    assert.match(await check(attributes('${secret:shop}')), /10:17 .*must be like `\$\{secret:/);
    assert.match(
      await check(config('      profile: shop').replace('select 1', secret)),
      /6:14 .*may stand only where a source says how to connect/,
    );
    writeFileSync(
      join(folder.path, '.connections.json'),
      '{"shop": {"host": "h", "database": "d", "user": "u", "password": "${secret:shop}"}}',
    );
    assert.match(
      await check(withProfile),
      /^\.connections\.json:1:\d+ .*must be like `\$\{secret:/,
    );
  });
});
