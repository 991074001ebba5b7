/** `publish-child.js ROOT ENDPOINT`: publishes a sink of the run on standard input, in a process that can be killed. */
import { text } from 'node:stream/consumers';
import { createPublish } from '../../src/activities/publish/publish.js';
import type {
  RunReference,
  SinkReference,
  Staged,
} from '../../src/workflows/contract/activities.js';
import { inActivity, openProject } from './support.js';

const [, , root = '', endpoint = ''] = process.argv;
const asked = JSON.parse(await text(process.stdin)) as [RunReference, Staged, SinkReference];
const { deps } = await openProject(root, endpoint);
await inActivity(createPublish(deps), ...asked);
