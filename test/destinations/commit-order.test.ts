import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import {
  lastReadAt,
  orderAfter,
  type CommitOrder,
  type NewestCommit,
} from '../../src/destinations/commit-order.js';
import type { SinkMode } from '../../src/destinations/destination.js';
import { sampleOrigin } from './support.js';

const nine = '2026-01-31T09:00:00.000Z';
const ten = '2026-01-31T10:00:00.000Z';
const eleven = '2026-01-31T11:00:00.000Z';

function readingOf(readAt: string, runKey: string) {
  return { readAt, runKey };
}

/** The newest commit of a log that keeps an order. */
function ordered(order: CommitOrder, mode: SinkMode | null = null): NewestCommit {
  return { runKey: 'newest', origin: { ...sampleOrigin, order }, committedAt: eleven, mode };
}

/** The newest commit of a log of before there was an order. */
function unordered(mode: SinkMode | null, hasOrigin = true): NewestCommit {
  return { runKey: 'old', origin: hasOrigin ? sampleOrigin : null, committedAt: ten, mode };
}

function after(
  newest: NewestCommit | null,
  mode: SinkMode,
  readAt: string | null,
  overNewer = false,
): CommitOrder {
  return orderAfter({ mode, readAt, overNewer, runKey: 'own', sink: 'sink' }, newest, 'orders');
}

function refusalOf(...given: Parameters<typeof after>): string {
  try {
    after(...given);
  } catch (error) {
    assert.ok(error instanceof ApplicationFailure);
    assert.equal(error.type, 'NewerCommitted');
    return error.message;
  }
  return assert.fail('it was not refused');
}

describe('where a destination stands after a commit', () => {
  it('is at the first one whatever that does', () => {
    const own = readingOf(nine, 'own');
    for (const mode of ['replace', 'merge'] as const) {
      assert.deepEqual(after(null, mode, nine), { readAt: nine, newest: own, rewritten: own });
    }
    assert.deepEqual(after(null, 'append', nine), { readAt: nine, newest: own, rewritten: null });
  });

  it('moves on with each that was read later, or at the same time', () => {
    const before = readingOf(ten, 'before');
    for (const readAt of [ten, eleven]) {
      const own = readingOf(readAt, 'own');
      for (const mode of ['replace', 'merge'] as const) {
        const rewritten = ordered({ readAt: ten, newest: before, rewritten: before });
        assert.deepEqual(after(rewritten, mode, readAt), { readAt, newest: own, rewritten: own });
        const appended = ordered({ readAt: ten, newest: before, rewritten: null });
        assert.deepEqual(after(appended, mode, readAt), { readAt, newest: own, rewritten: own });
      }
      const rewritten = ordered({ readAt: ten, newest: before, rewritten: before });
      assert.deepEqual(after(rewritten, 'append', readAt), {
        readAt,
        newest: own,
        rewritten: before,
      });
    }
  });

  it('does not go back with an append of rows that were read earlier than others', () => {
    const before = readingOf(ten, 'before');
    for (const rewritten of [null, readingOf(nine, 'replace')]) {
      const newest = ordered({ readAt: ten, newest: before, rewritten });
      assert.deepEqual(after(newest, 'append', nine), { readAt: nine, newest: before, rewritten });
    }
  });

  it('does not go back where older rows are asked for', () => {
    const [before, replaced] = [readingOf(eleven, 'before'), readingOf(ten, 'replace')];
    const newest = ordered({ readAt: eleven, newest: before, rewritten: replaced });
    for (const mode of ['replace', 'merge', 'append'] as const) {
      assert.deepEqual(after(newest, mode, nine, true), {
        readAt: nine,
        newest: before,
        rewritten: replaced,
      });
    }
  });

  it('is the end for what would put older rows over newer ones, and names them', () => {
    const before = readingOf(ten, 'before');
    const appended = ordered({ readAt: ten, newest: before, rewritten: null });
    const replaced = ordered({ readAt: ten, newest: before, rewritten: before });
    for (const mode of ['replace', 'merge'] as const) {
      for (const newest of [appended, replaced]) {
        const message = refusalOf(newest, mode, nine);
        assert.match(message, new RegExp(`run before read at ${ten}; these were read at ${nine}`));
        assert.match(message, /rows would go back/);
      }
    }
    const message = refusalOf(replaced, 'append', nine);
    assert.match(message, /^orders has rows that run before read/);
    assert.match(message, /may be among them already/);
  });

  it('is told by the time of a commit whose log says nothing else: it may have rewritten', () => {
    const old = readingOf(ten, 'old');
    for (const mode of ['replace', 'merge', null] as const) {
      for (const hasOrigin of [true, false]) {
        refusalOf(unordered(mode, hasOrigin), 'replace', nine);
        refusalOf(unordered(mode, hasOrigin), 'append', nine);
        const { rewritten } = after(unordered(mode, hasOrigin), 'append', eleven);
        assert.deepEqual(rewritten, old);
      }
    }
    refusalOf(unordered('append'), 'replace', nine);
    const late = after(unordered('append'), 'append', nine);
    assert.deepEqual(late, { readAt: nine, newest: old, rewritten: null });
    assert.equal(lastReadAt(unordered('append')), ten);
  });

  it('of a run that does not know when it read is now, and behind no known order', () => {
    const before = readingOf(ten, 'before');
    const newest = ordered({ readAt: ten, newest: before, rewritten: before });
    for (const mode of ['replace', 'merge', 'append'] as const) {
      assert.match(refusalOf(newest, mode, null), /these were read before that/);
      const begun = new Date().toISOString();
      const { readAt } = after(unordered(mode), mode, null);
      assert.ok(begun <= readAt && readAt <= new Date().toISOString(), readAt);
    }
    const appended = ordered({ readAt: ten, newest: before, rewritten: null });
    assert.deepEqual(after(appended, 'append', null).rewritten, null);
  });

  it('is unknown where nobody ever published', () => {
    assert.equal(lastReadAt(null), null);
    const newest = readingOf(nine, 'run');
    assert.equal(lastReadAt(ordered({ readAt: eleven, newest, rewritten: null })), nine);
  });
});
