import type { Command } from 'commander';
import { keepStatePrivate } from '../../../process/private-state.js';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';

interface WorkerOptions {
  store?: string;
  taskQueue?: string;
  events?: string;
  deployment?: string;
  healthPort?: string;
  healthHost?: string;
  spares?: string;
}

/** `beamline worker`: hosts workflows and activities until it is asked to stop. */
export function register(program: Command): void {
  program
    .command('worker')
    .description('host workflows and activities (`beamline dev` starts one by itself)')
    .option('--store <dir>', 'folder of the local store (default: .beamline/store in the root)')
    .option('--task-queue <name>', 'task queue of the runs it takes (default: beamline)')
    .option(
      '--events <source>',
      'pull events of Dataflow jobs: pubsub:projects/<project>/subscriptions/<name>',
    )
    .option('--deployment <id>', "label of the jobs that are taken (default: the settings' own)")
    .option('--health-port <port>', 'answer GET /readyz there: 200 while it takes work, else 503')
    .option('--health-host <host>', 'where that listens (default: 127.0.0.1)')
    .option(
      '--spares <n>',
      'processes of each kind that wait for the next run; 0 saves memory (default: 1)',
    )
    .addHelpText(
      'after',
      examples(
        'worker',
        'worker --task-queue nightly --health-port 8080',
        'worker --events pubsub:projects/my-project/subscriptions/beamline',
      ),
    )
    .action(async (options: WorkerOptions, command: Command) => {
      keepStatePrivate();
      const { runWorker } = await import('../../../worker/run-worker.js');
      // The SDK's runtime, which only a worker shuts down, would keep the process alive.
      process.exit(await runWorker({ root: globalsOf(command).root, ...options }));
    });
}
