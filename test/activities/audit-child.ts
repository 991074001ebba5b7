/** `audit-child.js ROOT ENDPOINT`: audits the run on standard input, in a process that can be killed. */
import { text } from 'node:stream/consumers';
import { createAudit } from '../../src/activities/audit.js';
import type { RunReference, Staged } from '../../src/workflows/activities.js';
import { inActivity, openProject } from './support.js';

const [, , root = '', endpoint = ''] = process.argv;
const [run, staged] = JSON.parse(await text(process.stdin)) as [RunReference, Staged];
const { deps } = await openProject(root, endpoint);
await inActivity(createAudit(deps), run, staged);
