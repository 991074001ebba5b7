import assert from 'node:assert/strict';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { pythonPath } from '../../src/process/python.js';
import { startReadyChild } from '../support/child.js';
import { duckdbRows, startRun } from '../support/pipeline.js';
import { projectRoot, startTemporal, temporaryRoot, type WorkerReady } from '../support/stack.js';

const module = {
  '__init__.py': '"""Counts."""\n',
  'params.py': `"""Parameters of the \`numbers\` source."""

from typing import ClassVar

from pydantic import Field

from beam_pipeline.params import Capabilities, ModuleParams


class NumbersParams(ModuleParams):
    """Counts from one."""

    capabilities: ClassVar[Capabilities] = Capabilities(inputs=0)

    up_to: int = Field(ge=1, description="The last number.")
`,
  'read.py': `"""The \`numbers\` source."""

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa

from beam_pipeline.modules.source.numbers.params import NumbersParams


class Count(beam.DoFn):
    """Emits one batch."""

    def process(self, last: int) -> Iterator[Any]:
        """Counts up to \`last\`."""
        yield pa.RecordBatch.from_pydict({"n": pa.array(range(1, last + 1), pa.int64())})


class ReadNumbers(beam.PTransform):
    """Counts from one."""

    def __init__(self, params: NumbersParams, context: Any) -> None:
        super().__init__()
        self._last = params.up_to

    def expand(self, pipeline: Any) -> Any:
        """Builds the step."""
        return pipeline | beam.Create([self._last]) | beam.ParDo(Count())
`,
};

describe('adding a source', function () {
  this.timeout(120_000);
  let environment: TestWorkflowEnvironment;
  before(async () => {
    environment = await startTemporal();
  });
  after(() => environment?.teardown());

  it('is adding one folder', async () => {
    const { root: base, remove } = await temporaryRoot();
    const copy = join(base, 'beamline');
    const root = join(base, 'project');
    const folder = join(copy, 'beam-pipeline/src/beam_pipeline/modules/source/numbers');
    try {
      for (const part of ['package.json', 'schemas', 'dist/src', 'beam-pipeline/src']) {
        await cp(join(projectRoot, part), join(copy, part), { recursive: true });
      }
      await symlink(join(projectRoot, 'node_modules'), join(copy, 'node_modules'));
      await mkdir(folder);
      await mkdir(root);
      for (const [name, text] of Object.entries(module)) await writeFile(join(folder, name), text);
      await writeFile(
        join(root, 'count.yaml'),
        `name: count
sources:
  - { name: numbers, module: numbers, parameters: { up_to: 12 } }
sinks:
  - name: table
    module: duckdb
    input: numbers
    parameters: { database: w.duckdb, table: numbers }
`,
      );
      const main = join(copy, 'dist/src/worker/main.js');
      const taskQueue = 'new-module';
      const worker = await startReadyChild<WorkerReady>(
        process.execPath,
        [main, `--root=${root}`, `--task-queue=${taskQueue}`],
        {
          cwd: root,
          env: {
            ...process.env,
            TEMPORAL_ADDRESS: environment.address,
            BEAMLINE_PYTHON: pythonPath(),
          },
        },
      );
      try {
        const run = await startRun(environment, { config: 'count.yaml' }, { taskQueue });
        assert.equal((await run.result()).outcome, 'succeeded');
      } finally {
        await worker.end('SIGKILL');
      }
      assert.deepEqual(
        await duckdbRows(join(root, 'w.duckdb'), 'SELECT max(n)::int AS n FROM numbers'),
        [{ n: 12 }],
      );
    } finally {
      await remove();
    }
  });
});
