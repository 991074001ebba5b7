/**
 * A Parquet file without rows, of one column `n` (int64): the magic, a footer in Thrift's compact
 * protocol, its length, the magic. Each byte is below 128, so that it can travel as text.
 * Source: apache/parquet-format, parquet.thrift and "File format"
 */
function emptyParquet(): string {
  const root = [0x48, 1, 0x73, 0x15, 2, 0]; // name "s", one child
  const column = [0x15, 4, 0x25, 2, 0x18, 1, 0x6e, 0]; // INT64, optional, name "n"
  const footer = [0x15, 2, 0x19, 0x2c, ...root, ...column, 0x16, 0, 0x19, 0x0c, 0];
  const magic = [...Buffer.from('PAR1')];
  return Buffer.from([...magic, ...footer, footer.length, 0, 0, 0, ...magic]).toString('ascii');
}

const parquet = emptyParquet();

/** Name of the only sink of the configs that a simulated job stands in for. */
export const sinkName = 'lake';

/**
 * The container spec of a job that starts no process: after `lastsMs` it writes what a real one would
 * stage for a pipeline of one source and one sink, with no row, and is done.
 */
export function simulatedSpec(lastsMs: number): object {
  const part = `\${staging}/${sinkName}/part-0.parquet`;
  const manifest = {
    version: 1,
    run_key: '${run_key}',
    attempt: '${attempt}',
    plan_sha256: '${plan.stem}',
    steps: {
      rows: {
        kind: 'source',
        module: 'files',
        rows_in: null,
        rows_out: 0,
        rows_rejected: 0,
        bytes_out: 0,
        row_wise: false,
      },
    },
    sinks: {
      [sinkName]: {
        input: 'rows',
        rows: 0,
        bytes: parquet.length,
        schema: [{ name: 'n', type: 'int64', nullable: true }],
        files: [{ uri: part, rows: 0, bytes: parquet.length }],
      },
    },
  };
  return {
    image: 'simulated',
    sdkInfo: { language: 'PYTHON' },
    simulate: {
      lastsMs,
      writes: [
        { uri: part, content: parquet },
        { uri: '${staging}/manifest.json', content: JSON.stringify(manifest) },
      ],
    },
  };
}
