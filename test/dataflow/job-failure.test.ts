import assert from 'node:assert/strict';
import { causeRules } from '../../src/dataflow/cause-rules.js';
import { jobFailureOf } from '../../src/dataflow/job-failure.js';
import { redacted } from '../../src/dataflow/redact.js';
import { exceptionsOf, stepOf } from '../../src/dataflow/traceback.js';
import { failureTypeOf } from '../../src/shared/run/job-failure-type.js';
import { jobCauses, type JobMessage } from '../../src/shared/run/job.js';
import { corpus, traceback, type CorpusCase } from './message-corpus.js';

function messages(
  texts: readonly string[],
  importance: JobMessage['importance'] = 'error',
): JobMessage[] {
  return texts.map((text, index) => ({
    time: `2026-11-25T03:04:${String(10 + index)}Z`,
    importance,
    text,
  }));
}

function failureOf({ errors = [], warnings = [], log }: CorpusCase) {
  return jobFailureOf(
    [...messages(errors), ...messages(warnings, 'warning')],
    log === undefined ? {} : { log },
  );
}

describe('why a job failed', () => {
  for (const example of corpus) {
    it(`is told by ${example.name}`, () => {
      const failure = failureOf(example);
      assert.equal(failure.cause, example.cause, failure.message);
      assert.match(failure.message, example.says);
      if (example.retryHelps !== undefined) assert.equal(failure.retryHelps, example.retryHelps);
      if (example.step !== undefined) assert.equal(failure.step, example.step);
    });
  }

  it('has examples of every cause', () => {
    assert.deepEqual(
      jobCauses.filter((cause) => !corpus.some((example) => example.cause === cause)),
      [],
    );
    assert.ok(corpus.length >= 40);
  });

  it('has an example for every rule', () => {
    const texts = corpus.flatMap(({ errors = [], warnings = [], log = '' }) => [
      ...errors,
      ...warnings,
      log,
    ]);
    const idle = causeRules.filter(
      ({ patterns }) => !patterns.some((pattern) => texts.some((text) => pattern.test(text))),
    );
    assert.deepEqual(
      idle.map(({ title }) => title),
      [],
    );
  });

  it('does not depend on the order in which messages are listed', () => {
    for (const { errors = [], cause } of corpus.filter(({ log, warnings }) => !log && !warnings)) {
      assert.equal(jobFailureOf(messages(errors).toReversed()).cause, cause);
    }
  });

  it('is what our own process left, if it left something', () => {
    const failure = jobFailureOf(messages([traceback('KeyError: 1')]), {
      staged: { type: 'SqlError', message: 'column "totl" does not exist', step: 'delays' },
    });
    assert.equal(failure.cause, 'user_sql');
    assert.equal(failure.message, 'column "totl" does not exist');
    assert.equal(failure.step, 'delays');
    assert.match(failure.evidence[0]?.text ?? '', /KeyError/);
  });

  it('takes the cause that a left InternalError names from its words', () => {
    const failure = jobFailureOf([], {
      staged: { type: 'InternalError', message: 'it broke', cause: 'MemoryError: 1' },
    });
    assert.equal(failure.cause, 'out_of_memory');
  });

  it('says whether what mends it is pinned, so that a rerun would fail again', () => {
    for (const rule of causeRules) {
      const isOfLaunch = rule.next.includes('`launch`') || rule.cause === 'schema_mismatch';
      assert.equal(rule.inConfig ?? false, isOfLaunch, rule.title);
    }
    const told = [
      jobFailureOf(messages([traceback('MemoryError: 1')])),
      jobFailureOf([], { staged: { type: 'ConfigError', message: 'no such column' } }),
      jobFailureOf([], {
        staged: { type: 'InternalError', message: 'E', cause: 'MemoryError: 1' },
      }),
      jobFailureOf(messages([traceback('beam_pipeline.errors.ConfigError: no such column')])),
    ];
    for (const failure of told) assert.equal(failure.inConfig, true, failure.message);
    const outside = jobFailureOf([], { staged: { type: 'PermissionDenied', message: 'no' } });
    assert.equal(outside.inConfig, undefined);
  });

  it('names the command that reads the whole log where the messages do not say why', () => {
    const options = { logCommand: 'gcloud logging read X' };
    assert.match(jobFailureOf([], options).next, /gcloud logging read X/);
    const vague = messages(['Error occurred in the launcher container: Template launch failed.']);
    assert.match(jobFailureOf(vague, options).next, /gcloud logging read X/);
    const clear = messages([traceback('beam_pipeline.errors.SqlError: no such table')]);
    assert.doesNotMatch(jobFailureOf(clear, options).next, /gcloud/);
  });

  it('gives the newest telling messages as evidence, each once, and not too long', () => {
    const text = traceback('beam_pipeline.errors.SqlError: no such table');
    const failure = jobFailureOf(messages([text, 'x'.repeat(99_999), text, text, 'a', 'b', 'c']));
    assert.equal(failure.evidence.length, 3);
    assert.equal(failure.evidence[0]?.text, text.trim());
    assert.ok(JSON.stringify(failure).length < 10_000);
  });

  it('takes long texts of one word, of spaces or of words', () => {
    for (const part of ['x', ' ', 'x.', 'a b', 'x:', '/', "'", 'password']) {
      const text = part.repeat(200_000 / part.length);
      const failure = jobFailureOf(messages([text, traceback(text)]));
      assert.ok(JSON.stringify(failure).length < 10_000);
    }
  });

  it('passes on no secret', () => {
    const uri = 'postgresql://etl:hunter2@db:5432/shop';
    const failure = jobFailureOf(
      messages([traceback(`psycopg.OperationalError: could not connect to server ${uri}`)]),
      { staged: { type: 'ConnectionLost', message: `nothing answers at ${uri}` } },
    );
    assert.doesNotMatch(JSON.stringify(failure), /hunter2/);
    assert.match(failure.message, /postgresql:\/\/etl:\*\*\*@db/);
  });
});

describe('a Python traceback', () => {
  it('gives its exceptions, the outermost first', () => {
    const example = corpus.find(({ name }) => name === 'a chain of exceptions')?.errors?.[0] ?? '';
    assert.deepEqual(
      exceptionsOf(example).map(({ type }) => type),
      [
        'beam_pipeline.errors.AuthenticationError',
        'beam_pipeline.errors.AuthenticationError',
        'adbc_driver_manager.OperationalError',
      ],
    );
  });

  it('names the step of the config, also behind a transform of our own', () => {
    assert.equal(stepOf("x [while running 'orders/Read/ParDo-ptransform-1']"), 'orders');
    assert.equal(stepOf("x [while running '(beamline) count orders-ptransform-1']"), 'orders');
    assert.equal(stepOf("x [while running '(beamline) manifest']"), undefined);
    assert.equal(stepOf('x'), undefined);
  });

  it('does not take words of its source lines for a cause', () => {
    const [message] = messages([traceback('KeyError: 1')]);
    assert.match(message?.text ?? '', /out of memory/);
    assert.equal(jobFailureOf(message ? [message] : []).cause, 'unknown');
  });
});

describe('redaction', () => {
  for (const [text, wanted] of [
    ['mysql://u:p@ss@h/d', 'mysql://u:***@h/d'],
    ['host=h password=hunter2 user=u', 'host=h password=*** user=u'],
    ['{"password": "hunter 2", "user": "u"}', '{"password": ***, "user": "u"}'],
    ['Authorization: Bearer abcdefgh.ijkl', 'Authorization: Bearer ***'],
    ['got ya29.a0AfH6SMB_x', 'got ***'],
    [
      'password authentication failed for user "etl"',
      'password authentication failed for user "etl"',
    ],
    [
      "Access denied for user 'a'@'h' (using password: YES)",
      "Access denied for user 'a'@'h' (using password: ***)",
    ],
    ['https://cloud.google.com/dataflow', 'https://cloud.google.com/dataflow'],
  ] as const) {
    it(`makes ${JSON.stringify(wanted)}`, () => assert.equal(redacted(text), wanted));
  }
});

describe('the failure type of a run whose job failed', () => {
  it('tells who must act', () => {
    assert.deepEqual(
      Object.fromEntries(jobCauses.map((cause) => [cause, failureTypeOf({ cause })])),
      {
        permission: 'PermissionDenied',
        image_pull: 'JobFailed',
        out_of_memory: 'JobFailed',
        quota: 'JobFailed',
        network: 'JobFailed',
        database_login: 'AuthenticationError',
        schema_mismatch: 'DataError',
        user_sql: 'SqlError',
        launcher: 'JobFailed',
        unknown: 'JobFailed',
      },
    );
  });
});

describe('what is taken out of a text', () => {
  const secret = 'hunter2-of-the-test';
  const told: Record<string, string> = {
    'a line of a password of two lines': `failed: password="first\npermission denied for ${secret}"`,
    'the first lines of a key': `beam_pipeline.errors.ConfigError: the key is wrong\n-----BEGIN PRIVATE KEY-----\n${`${secret}\n`.repeat(9)}-----END PRIVATE KEY-----`,
    'the end of a long text': `failed: password="${'x'.repeat(1_600)}${secret}${'x'.repeat(300)}"`,
  };
  for (const [what, text] of Object.entries(told)) {
    it(`holds no part of a secret: ${what}`, () => {
      for (const given of [
        jobFailureOf(messages([text])),
        jobFailureOf([], { log: text }),
        jobFailureOf([], { staged: { type: 'InternalError', message: text, cause: text } }),
      ]) {
        assert.doesNotMatch(JSON.stringify(given), new RegExp(secret));
      }
    });
  }
});
