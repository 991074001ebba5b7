import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import { failure } from '../shared/failures.js';
import type { ManifestSink } from '../shared/manifest.js';

/**
 * Checks that each staged file's own footer says what the manifest says.
 * @param files the sink's files, as paths of this machine
 */
export async function assertFooters(
  name: string,
  sink: ManifestSink,
  files: ManifestSink['files'],
): Promise<void> {
  for (const { uri, rows } of files) {
    const found = await rowsInFooter(uri).catch((error: unknown) => {
      throw failure('AuditFailed', `${name}: the staged file ${uri} cannot be read`, {
        step: name,
        cause: String(error),
      });
    });
    if (found !== rows) {
      throw failure(
        'AuditFailed',
        `${name}: ${uri} holds ${found} rows, its manifest says ${rows}`,
        { step: name },
      );
    }
  }
  const total = sink.files.reduce((sum, { rows }) => sum + rows, 0);
  if (total !== sink.rows) {
    throw failure('AuditFailed', `${name}: its files hold ${total} rows, not ${sink.rows}`, {
      step: name,
    });
  }
}

async function rowsInFooter(uri: string): Promise<number> {
  const { num_rows } = await parquetMetadataAsync(await asyncBufferFromFile(uri));
  return Number(num_rows);
}
