import { ScheduleClient, type Client } from '@temporalio/client';

/**
 * A client of schedules whose updates change only what they have seen.
 *
 * `ScheduleHandle.update` describes a schedule and writes it, but (in 1.24) does not say which version
 * it has seen; the server then takes the later of two writers. Here the conflict token of the description
 * goes with the update. The server drops an update whose token is old, and does not say so: the caller
 * looks again.
 */
export function guardedSchedules({ connection, options }: Client): ScheduleClient {
  const { workflowService } = connection;
  const tokens = new Map<string, Uint8Array | null | undefined>();
  type Describe = Parameters<(typeof workflowService)['describeSchedule']>[0];
  type Update = Parameters<(typeof workflowService)['updateSchedule']>[0];
  const guarded = Object.create(workflowService, {
    describeSchedule: {
      value: async (request: Describe) => {
        const described = await workflowService.describeSchedule(request);
        tokens.set(request.scheduleId ?? '', described.conflictToken);
        return described;
      },
    },
    updateSchedule: {
      value: (request: Update) =>
        workflowService.updateSchedule({
          ...request,
          conflictToken: tokens.get(request.scheduleId ?? '') ?? null,
        }),
    },
  }) as typeof workflowService;
  return new ScheduleClient({
    connection: Object.create(connection, {
      workflowService: { value: guarded },
    }) as typeof connection,
    namespace: options.namespace,
    identity: options.identity,
  });
}
