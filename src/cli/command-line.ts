import { createProgram } from './program.js';
import { reportError } from './terminal/report-error.js';

const program = createProgram();

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader (head, less) has seen enough.
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  const { json, verbose } = program.opts<{ json?: boolean; verbose?: boolean }>();
  process.exitCode = reportError(error, { json: json === true, verbose: verbose === true });
}
