import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What a schedule of the benchmark says, beside its name. */
export interface Wanted {
  hour: number;
  enable: boolean;
}

/** Writes a project of so many configs, each with a schedule of its own. */
export function writeConfigs(root: string, count: number, { hour, enable }: Wanted): void {
  writeFileSync(join(root, 'beamline.yaml'), 'deployment: bench\n');
  for (let number = 0; number < count; number++) {
    // A folder for each hundred.
    const path = join(root, 'configs', `team-${Math.floor(number / 100)}`, `job-${number}.yaml`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, configText(number, { hour, enable }));
  }
}

function configText(number: number, { hour, enable }: Wanted): string {
  return `name: job-${number}
timezone: Europe/Berlin
schedule:
  name: job-${number}
  cron: '${number % 60} ${hour} * * MON-FRI'
  enable: ${enable}
  jitter: 30s
sources:
  - name: rows
    module: files
    parameters: { path: rows-${number}.csv }
sinks:
  - name: out
    module: files
    input: rows
    parameters: { path: out-${number} }
`;
}
