import { launchFields } from '../../config/envelope/launch-fields.js';
import type { DataflowTarget } from '../../shared/run/job.js';
import { columns } from '../../text/columns.js';

/** The launch of a job as `plan` shows it: every option that will be sent, defaults included. */
export function launchLines({
  project,
  region,
  store,
  deployment,
  launch,
}: DataflowTarget): string[] {
  const options = launchFields.flatMap(({ name, key, otherwise }) => {
    const shown = launch[name] === undefined ? otherwise : valueText(launch[name]);
    return name === 'region' || shown === undefined ? [] : [[key, shown]];
  });
  const rows = [
    ['project', project],
    ['region', region],
    ['store', store],
    ['deployment', deployment],
    ...options,
  ];
  return ['launch on Dataflow', ...columns(rows).map((line) => `  ${line}`), ''];
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, text]) => `${name}=${String(text)}`)
    .join(', ');
}
