import type { DataflowTarget } from '../shared/job.js';
import type { AloneStep } from './ask-columns.js';
import { columns } from '../text/columns.js';

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
  const size = bytes === null ? 'unknown' : bytesWords(bytes);
  const disk =
    diskSizeGb === undefined ? 'unknown (`disk_size_gb` is not set)' : `${diskSizeGb} GB`;
  return [
    `rows ${rows === null ? 'unknown' : `about ${rows.toLocaleString('en-US')}`}`,
    `stored size ${size}`,
    ...(memoryLimit === null ? [] : [`\`memory_limit\` ${memoryLimit}, the rest on disk`]),
    `machine type ${machineType ?? 'unknown'}`,
    `disk ${disk}`,
  ].join(' · ');
}

function bytesWords(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** step;
  return `${step === 0 ? value : value.toFixed(1)} ${units[step] ?? ''}`;
}
