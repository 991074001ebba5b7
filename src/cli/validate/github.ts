import { relative, resolve } from 'node:path';
import type { Verdict } from './verdicts.js';

/**
 * A workflow command of GitHub Actions for each problem: it is shown at its line of a pull request
 * (https://docs.github.com/actions/reference/workflow-commands-for-github-actions).
 *
 * @param workspace where GitHub has the repository, to which its paths are relative
 */
export function githubLines(
  verdicts: readonly Verdict[],
  workspace = process.env['GITHUB_WORKSPACE'] ?? '',
): string[] {
  return verdicts.flatMap(({ problems }) =>
    problems.map(({ file, line, column, path, message }) => {
      const properties = {
        file: relative(workspace, resolve(file)),
        ...(line > 0 && { line, col: column }),
        ...(path !== '' && { title: path }),
      };
      const listed = Object.entries(properties).map(
        ([name, value]) => `${name}=${escapedProperty(String(value))}`,
      );
      return `::error ${listed.join(',')}::${escapedData(message)}`;
    }),
  );
}

function escapedData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapedProperty(text: string): string {
  return escapedData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
