import { fileURLToPath } from 'node:url';

const path = fileURLToPath(new URL('../../shared/data-converter.js', import.meta.url));

/**
 * How a client and a worker read what others sent, and bound what they record: for the options of both, and
 * for the bundle of the workflows.
 */
export const dataConverter = { payloadConverterPath: path, failureConverterPath: path } as const;
