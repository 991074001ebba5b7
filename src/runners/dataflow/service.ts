import { createDataflow } from '../../gateways/google-dataflow.js';
import type { RunnerService } from '../../gateways/dataflow.js';

export const service: RunnerService = { open: () => createDataflow() };
