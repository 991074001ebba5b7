import { runnerNames } from '../../../src/runners/registry.js';
import { describeKit } from './kit.js';

await describeKit(runnerNames, { proves: true });
