import { z } from 'zod';
import { readCron } from '../values/cron.js';
import { durationMs, durationPattern } from '../../shared/duration.js';
import { overlapPolicies } from './overlap-policies.js';
import { isTimezone, unknownTimezone } from '../values/timezone.js';

/** Below ten seconds Temporal's server takes ten (its scheduler's minimum). */
const leastCatchupMs = 10_000;

const duration = (): z.ZodString => z.string().regex(durationPattern);
const cron = z.string().superRefine((text, context) => {
  const read = readCron(text);
  if ('problem' in read) context.addIssue({ code: 'custom', message: read.problem });
});

/** The block `schedule` of a config: what satokiyo/pydataflow-template has, and more. */
export const scheduleBlock = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(200)
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9_-]*$/,
        'must be a name of letters, digits, `_` and `-`, a letter or digit first',
      )
      .describe('Name of the schedule, unique in the Temporal namespace.'),
    cron: z
      .union([cron, z.array(cron).min(1).max(10)])
      .transform((crons) => (typeof crons === 'string' ? [crons] : crons))
      .describe(
        'When it runs: five fields (minute, hour, day of month, month, day of week), or a list of such.',
      ),
    enable: z
      .union([z.boolean(), z.enum(['true', 'false'])])
      .default(true)
      .transform((value) => value === true || value === 'true')
      .describe('Whether the schedule is to exist: `false` deletes it.'),
    timezone: z
      .string()
      .refine(isTimezone, { error: ({ input }) => unknownTimezone(String(input)) })
      .optional()
      .describe("IANA time zone of the cron; default: the pipeline's `timezone`."),
    jitter: duration()
      .default('0s')
      .describe('A run starts up to so much later, to spread the load; its logical time stays.'),
    overlap: z
      .enum(overlapPolicies)
      .default('skip')
      .describe('What happens when a run is due while an earlier one goes on.'),
    catchup: duration()
      .refine((text) => (durationMs(text) ?? leastCatchupMs) >= leastCatchupMs, {
        error: ({ input }) => `must be at least 10s, got ${String(input)}`,
      })
      .default('1d')
      .describe('How late a run may start that was missed while Temporal was down.'),
    pause_on_failure: z
      .boolean()
      .default(false)
      .describe('Whether the schedule pauses itself when a run fails.'),
    paused: z
      .boolean()
      .optional()
      .describe('Whether it is paused; without it, `apply` leaves that as it is.'),
    args: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .default({})
      .describe("Values of the config's `args` for scheduled runs."),
  })
  .meta({ title: 'schedule' });
export type ScheduleBlock = z.infer<typeof scheduleBlock>;
