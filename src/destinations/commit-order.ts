import { z } from 'zod';
import { failure } from '../shared/failures.js';
import type { CommitOrigin, Position, PublishRequest, SinkMode } from './destination.js';

/** Whose rows, and when their reading began: ISO 8601 in UTC with milliseconds, so that texts sort. */
const reading = z.object({ readAt: z.string(), runKey: z.string() });
export type Reading = z.infer<typeof reading>;

/** What the commits up to one have brought, as its log entry keeps it: the newest entry says it of all. */
export const commitOrder = z.object({
  /** Of the commit itself. */
  readAt: z.string(),
  /** The commit whose rows were read last. */
  newest: reading,
  /** The same of those that took rows away, or changed them: all but appends. */
  rewritten: reading.nullable(),
});
export type CommitOrder = z.infer<typeof commitOrder>;

/** A {@link CommitOrigin} with the order that its log keeps; none of a commit of before there was one. */
export type LoggedOrigin = CommitOrigin & { order?: CommitOrder | undefined };

/** The newest commit of a destination, as its log has it. */
export interface NewestCommit {
  runKey: string;
  origin: LoggedOrigin | null;
  /** ISO 8601, as `Reading.readAt`. */
  committedAt: string;
  /** Null where the log does not say it. */
  mode: SinkMode | null;
}

/** The newest commit, as a `Position` has it. */
export function lastOf({
  order,
  ...last
}: LoggedOrigin & { runKey: string; sink: string }): NonNullable<Position['last']> {
  return { ...last, readAt: order?.readAt ?? null };
}

/** When the rows that a destination has were read, at the latest; null if nobody ever published. */
export function lastReadAt(newest: NewestCommit | null): string | null {
  return newest && standing(newest).newest.readAt;
}

/**
 * Where a destination stands once a request is committed: it never goes back.
 *
 * Rows that were read earlier than those of another commit are older than these, whenever they are
 * published: a `merge` and a `replace` would put them over newer ones. An `append` changes no row, and
 * may come late; unless what it brings may be there already, since somebody wrote the rows anew.
 *
 * @param place what is written to, as a person would name it
 * @throws `NewerCommitted`, unless the request asks for it by `overNewer`
 */
export function orderAfter(
  request: Pick<PublishRequest, 'mode' | 'readAt' | 'overNewer' | 'runKey' | 'sink'>,
  newest: NewestCommit | null,
  place: string,
): CommitOrder {
  const { mode, readAt, runKey } = request;
  const before = newest === null ? null : standing(newest);
  const rival = mode === 'append' ? before?.rewritten : before?.newest;
  if (rival != null && !request.overNewer && isBehind(readAt, rival, newest)) {
    throw failure('NewerCommitted', refusal(request, rival, place), { step: request.sink });
  }
  // Of a run of an older version nobody knows when it read: before now, that is sure.
  const own: Reading = { readAt: readAt ?? new Date().toISOString(), runKey };
  return {
    readAt: own.readAt,
    newest: later(before?.newest, own),
    rewritten: mode === 'append' ? (before?.rewritten ?? null) : later(before?.rewritten, own),
  };
}

function isBehind(readAt: string | null, rival: Reading, newest: NewestCommit | null): boolean {
  // Two runs of an older version are in the order of publishing, as they were then.
  if (readAt === null) return newest?.origin?.order !== undefined;
  return rival.readAt > readAt;
}

/** A commit of before there was an order: its rows were read before it was made. */
function standing({
  runKey,
  origin,
  committedAt,
  mode,
}: NewestCommit): Omit<CommitOrder, 'readAt'> {
  if (origin?.order !== undefined) return origin.order;
  const newest = { readAt: committedAt, runKey };
  return { newest, rewritten: mode === 'append' ? null : newest };
}

function later(before: Reading | null | undefined, own: Reading): Reading {
  return before != null && before.readAt > own.readAt ? before : own;
}

function refusal(
  { mode, readAt }: Pick<PublishRequest, 'mode' | 'readAt'>,
  rival: Reading,
  place: string,
): string {
  const own = readAt === null ? 'before that' : `at ${readAt}`;
  const known = `${place} has rows that run ${rival.runKey} read at ${rival.readAt}; these were read ${own}`;
  return mode === 'append'
    ? `${known}, and may be among them already. Nothing was written. If they are missing there, ` +
        '`--over-newer` appends them all the same.'
    : `${known}: rows would go back to older ones. Nothing was written. Run the config again, which reads ` +
        'what is there now; `--over-newer` publishes the older rows all the same.';
}
