import type { DataflowTarget } from '../../shared/run/job.js';
import { columns } from '../../text/columns.js';
import type { AloneStep } from '../ask/ask-columns.js';
import { size } from '../terminal/format.js';
import { number } from '../../shared/counts.js';

/** What `plan` says of steps that one worker does alone, however many there are: why, what else, how much. */
export function aloneLines(
  alone: Record<string, AloneStep>,
  launch: DataflowTarget['launch'],
): string[] {
  const steps = Object.entries(alone);
  if (steps.length === 0) return [];
  return [
    `One worker does all of ${steps.map(([name]) => name).join(', ')}, and of what follows row by row, whatever \`max_workers\` is:`,
    ...steps.flatMap(([name, step]) => [
      `  ${name}`,
      ...columns([
        ['why', step.why],
        ['instead', step.instead],
        ['known', knownWords(step, launch)],
      ]).map((line) => `    ${line}`),
    ]),
    '',
  ];
}

/** The figures that somebody has said; nothing is guessed. */
function knownWords(
  { rows, bytes, memory_limit: memoryLimit }: AloneStep,
  { machineType, diskSizeGb }: DataflowTarget['launch'],
): string {
  const disk =
    diskSizeGb === undefined ? 'unknown (`disk_size_gb` is not set)' : `${diskSizeGb} GB`;
  return [
    `rows ${rows === null ? 'unknown' : `about ${number(rows)}`}`,
    `stored size ${bytes === null ? 'unknown' : size(bytes)}`,
    ...(memoryLimit === null ? [] : [`\`memory_limit\` ${memoryLimit}, the rest on disk`]),
    `machine type ${machineType ?? 'unknown'}`,
    `disk ${disk}`,
  ].join(' · ');
}
