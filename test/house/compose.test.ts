import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { packageRoot } from '../../src/dev/services/tools.js';
import { loadCompose, readCompose } from '../support/compose.js';

const at = (...parts: string[]) => join(packageRoot, ...parts);
const readText = (...parts: string[]) => readFileSync(at(...parts), 'utf8');

/** The schema of the Compose Specification, which dclint brings. */
function composeSchema() {
  const schema = JSON.parse(
    readText('node_modules', 'dclint', 'schemas', 'compose.schema.json'),
  ) as Record<string, unknown>;
  delete schema['$schema']; // Its URI has https where Ajv knows http.
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  return ajv.compile(schema);
}

describe('docker-compose.yml', () => {
  const { services, volumes } = loadCompose();
  const entries = Object.entries(services);

  it('fits the schema of the Compose Specification', () => {
    const validate = composeSchema();
    assert.ok(validate(readCompose()), JSON.stringify(validate.errors, null, 2));
  });

  it('would not, were a key of a service misspelt', () => {
    const wrong = readCompose() as { services: Record<string, Record<string, unknown>> };
    (wrong.services['worker'] as Record<string, unknown>)['comand'] = ['x'];
    assert.equal(composeSchema()(wrong), false);
  });

  it('has every part of the stack', () => {
    const parts = ['worker', 'gateway', 'storage', 'bigquery', 'dataflow', 'postgres', 'mysql'];
    const temporal = ['temporal', 'temporal-ui', 'temporal-database'];
    assert.deepEqual(
      [...parts, ...temporal].filter((name) => !(name in services)),
      [],
    );
  });

  it('pins every image', () => {
    const loose = entries.filter(
      ([, { image }]) => !/:\d+\.\d+(\.\d+)?(@sha256:[0-9a-f]{64})?$/.test(image),
    );
    assert.deepEqual(
      loose.map(([name]) => name),
      [],
    );
  });

  it('publishes ports on loopback only', () => {
    const published = entries.flatMap(([, { ports }]) => ports);
    assert.ok(published.length > 5);
    assert.deepEqual(
      published.filter((port) => !port.startsWith('127.0.0.1:')),
      [],
    );
  });

  it('waits only for services that there are, in the way that they answer', () => {
    for (const [name, { depends_on: needed }] of entries) {
      for (const [other, { condition }] of Object.entries(needed)) {
        const target = services[other];
        assert.ok(target, `${name} needs ${other}`);
        const isChecked = (target.healthcheck?.test ?? []).length > 0;
        assert.equal(condition === 'service_healthy', isChecked, `${name} needs ${other}`);
      }
    }
  });

  it('keeps what outlives a container in named volumes', () => {
    const mounts = entries.flatMap(([, service]) => service.volumes.map((each) => each.split(':')));
    const named = mounts.map(([source = '']) => source).filter((source) => /^\w/.test(source));
    assert.deepEqual(new Set(named), new Set(Object.keys(volumes)));
  });

  it('mounts only files that are in the clone', () => {
    const sources = entries
      .flatMap(([, service]) => service.volumes)
      .map((mount) => /^(?:\$\{\w+:-)?(\.[^:}]*)/.exec(mount)?.[1])
      .filter((source) => source !== undefined);
    assert.ok(sources.length > 5);
    assert.deepEqual(
      sources.filter((source) => !existsSync(at(source))),
      [],
    );
  });
});

describe('the Dockerfile', () => {
  const lines = readText('Dockerfile').replaceAll(/\\\n/g, ' ').split('\n');
  const copied = lines
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) => line.split(/\s+/).slice(1, -1));

  it('copies only what is in the clone, and what .dockerignore lets in', () => {
    const letIn = readText('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    for (const source of copied) {
      assert.ok(existsSync(at(source)), source);
      const within = letIn.some((each) => each === source || each.startsWith(`${source}/`));
      assert.ok(within, `${source} is not in .dockerignore`);
    }
  });

  it('runs nothing as root', () => {
    const user = lines.filter((line) => line.startsWith('USER ')).at(-1);
    assert.match(user ?? '', /^USER [1-9]\d*$/);
  });

  it('has the Python packages of the emulators, locked', () => {
    const names = readText('emulators', 'requirements.txt')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    const locked = readText('emulators', 'requirements.lock')
      .split('\n')
      .map((line) => line.split('==')[0]);
    assert.deepEqual(
      names.filter((name) => !locked.includes(name)),
      [],
    );
  });
});
