import assert from 'node:assert/strict';
import { pythonFailure, readPythonFailure } from '../../src/activities/beam/python-failure.js';
import { failure } from '../../src/shared/failures.js';

describe('a failure that the data plane tells', () => {
  for (const [told, isTriedAgain] of [
    [{ type: 'InternalError', retryable: false }, false],
    [{ type: 'InternalError', retryable: true }, true],
    // As older versions told it.
    [{ type: 'InternalError' }, true],
    [{ type: 'DataError', retryable: true }, false],
    [{ type: 'constructor' }, true],
  ] as const) {
    it(`${JSON.stringify(told)} is${isTriedAgain ? '' : ' not'} tried again`, () => {
      const read = readPythonFailure(pythonFailure.parse({ ...told, message: 'a message' }));
      const { type, message, detail, mayPass } = read;
      assert.equal(failure(type, message, detail, mayPass).nonRetryable, !isTriedAgain);
      assert.equal(type, told.type === 'constructor' ? 'InternalError' : told.type);
    });
  }
});
