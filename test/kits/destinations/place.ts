import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import type {
  Commit,
  Destination,
  Position,
  Publisher,
  PublishOutlook,
  PublishRequest,
  SinkMode,
  SinkWindow,
  Standing,
} from '../../../src/destinations/destination.js';
import { failureOf } from '../../destinations/in-process.js';
import {
  ids,
  publishTask,
  stage,
  type Publishing,
  type TestSink,
} from '../../destinations/support.js';

/** What a member of the kit is: how to get places of it, each empty and of its own. */
export interface KitMember {
  /** Starts what the places need; they end with `stop`. */
  start(): Promise<{ newPlace: (root: string) => Promise<MemberPlace>; stop: () => Promise<void> }>;
}

export interface MemberPlace {
  sink: TestSink;
  /** The ids that it holds, in order. */
  rows: () => Promise<string[]>;
}

/** What a rule publishes: rows by their first and last id, or by a query. */
export interface Batch extends Partial<Omit<Publishing, 'staged' | 'base'>> {
  run: string;
  rows: readonly [number, number] | string;
  sinkName?: string;
}

/** One place of a destination under the kit, with what a run's activities would ask of it. */
export class KitPlace {
  /** The version of the newest commit that was made here. */
  version = 0;

  constructor(
    readonly destination: Destination,
    readonly root: string,
    private readonly place: MemberPlace,
  ) {}

  get parameters(): Record<string, unknown> {
    return this.place.sink.parameters;
  }

  rows(): Promise<string[]> {
    return this.place.rows();
  }

  async request({ rows, sinkName = 'sink', ...batch }: Batch): Promise<PublishRequest> {
    const staged = await stage(this.root, typeof rows === 'string' ? rows : ids(...rows));
    const merge = batch.mode === 'merge' ? { keys: ['id'], order: null, window: null } : null;
    const publishing = { mode: 'append' as SinkMode, merge, base: this.version, staged, ...batch };
    const { action } = publishTask(this.place.sink, publishing);
    assert.ok(action.kind === 'publish');
    return { ...action.request, sink: sinkName };
  }

  async publish(batch: Batch): Promise<Commit> {
    return this.commit(await this.request(batch));
  }

  async commit(request: PublishRequest): Promise<Commit> {
    const commit = await this.open((publisher) => publisher.publish(request));
    this.version = Math.max(this.version, commit.version);
    return commit;
  }

  /** A publish that is refused leaves what is there. */
  async refused(type: string, batch: Batch): Promise<string> {
    const before = await this.rows();
    const failure = await failureOf(this.publish(batch));
    assert.equal(failure.type, type);
    assert.match(failure.message, /Nothing was written/);
    assert.deepEqual(await this.rows(), before);
    assert.equal((await this.inspect()).version, this.version);
    return failure.message;
  }

  /** @param base the version before the one that it takes */
  async fence(run: string, base: number): Promise<Commit | null> {
    const destination = this.destination.name;
    const identity = { destination, baseVersion: base, runKey: run, sink: 'sink' };
    return this.open((publisher) => publisher.fence(identity));
  }

  inspect(run = 'another'): Promise<Standing> {
    return this.open((publisher) => publisher.inspect({ runKey: run, sink: 'sink' }));
  }

  position(keys: readonly string[] = [], column = 'id'): Promise<Position> {
    const sources = keys.map((key) => ({ key, column }));
    return this.open((publisher) => publisher.position(sources));
  }

  async nextOf(key = 'sales.orders'): Promise<string | undefined> {
    return (await this.position()).cursors[key]?.next;
  }

  /** What the look ahead says of it. */
  async check({ sink, mode, merge, onSchemaChange, staged }: PublishRequest): Promise<void> {
    const outlook: PublishOutlook = { sink, mode, merge, onSchemaChange, columns: staged.schema };
    await this.destination.check(this.#parsed(), this.#context, outlook);
  }

  async open<T>(body: (publisher: Publisher) => Promise<T>): Promise<T> {
    const publisher = await this.destination.open(this.#parsed(), this.#context, 5000);
    try {
      return await body(publisher);
    } finally {
      await publisher.close();
    }
  }

  #parsed(): unknown {
    return this.destination.parameters.parse(this.parameters);
  }

  get #context(): { root: string; storeId: string } {
    return { root: this.root, storeId: 'store' };
  }
}

/** A window of the integer column `id`. */
export function windowOf(
  low: number | null,
  high: number,
  more: Partial<SinkWindow> = {},
): SinkWindow {
  return {
    key: 'sales.orders',
    column: 'id',
    type: 'integer',
    low: low === null ? null : String(low),
    low_inclusive: true,
    high: String(high),
    next: String(high),
    basis: 'record',
    ...more,
  };
}

/** How it ends: type and text of the failure; null if it does not fail. */
export async function endOf(promise: Promise<unknown>): Promise<[unknown, string] | null> {
  return promise.then(
    () => null,
    (error: unknown) => {
      assert.ok(error instanceof ApplicationFailure, String(error));
      return [error.type, error.message];
    },
  );
}
