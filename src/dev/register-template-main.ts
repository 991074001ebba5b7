/**
 * `node dist/src/dev/register-template-main.js`: puts the Flex Template's container spec into the storage
 * emulator that STORAGE_EMULATOR_HOST names, and ends.
 */
import { registerTemplate } from './register-template.js';

const endpoint = process.env['STORAGE_EMULATOR_HOST'];
if (endpoint) {
  await registerTemplate({ endpoint });
} else {
  process.stderr.write('STORAGE_EMULATOR_HOST is not set: where is the storage emulator?\n');
  process.exitCode = 2;
}
