import { describeKit } from './kit.js';

await describeKit(['signalled'], { proves: false });
