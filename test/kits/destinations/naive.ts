import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  lastOf,
  lastReadAt,
  orderAfter,
  type LoggedOrigin,
  type NewestCommit,
} from '../../../src/destinations/commit-order.js';
import {
  assertWindowsAreNew,
  cursorsToRecord,
  type LoggedCursors,
} from '../../../src/destinations/cursors.js';
import type {
  AskedSource,
  Commit,
  CommitIdentity,
  Destination,
  Position,
  Publisher,
  PublishOutlook,
  PublishRequest,
} from '../../../src/destinations/destination.js';
import { failure } from '../../../src/shared/failures.js';
import { inMemory } from '../../destinations/support.js';
import type { KitMember } from './place.js';

/** Ways of being wrong: each breaks one promise of a destination. */
export type Fault =
  | 'appends for replace'
  | 'keeps rows for nothing'
  | 'replaces for append'
  | 'merges by adding'
  | 'takes any of several rows'
  | 'writes half'
  | 'adopts nothing'
  | 'adopts the newest only'
  | 'adopts by the run alone'
  | 'adopts by the manifest'
  | 'takes any base'
  | 'forgets fences'
  | 'fences each time'
  | 'fences over commits'
  | 'tells no own commit'
  | 'names fences'
  | 'keeps no order'
  | 'orders by the newest commit'
  | 'orders by the newest version'
  | 'orders appends like others'
  | 'refuses what was read at once'
  | 'looks at the order first'
  | 'remembers what was not'
  | 'records nothing'
  | 'lets windows in twice'
  | 'moves records back'
  | 'compares windows by their record'
  | 'compares windows as texts'
  | 'compares windows of any column'
  | 'refuses its own window'
  | 'has one record for all'
  | 'looks at windows first'
  | 'keeps records over a replace'
  | 'looks for every greatest value'
  | 'makes at a look'
  | 'sees nothing ahead'
  | 'refuses at each look'
  | 'adds every column'
  | 'leaves new columns out';

type Row = Record<string, unknown>;

interface Entry {
  kind: 'commit' | 'fence';
  version: number;
  runKey: string;
  sink: string;
  manifest: string;
  mode: PublishRequest['mode'];
  origin: LoggedOrigin | null;
  committedAt: string;
  commit: Commit;
}

/** Type by name. */
type Columns = Record<string, string>;

const parameters = z.strictObject({ place: z.string() });

/** A destination in memory, said as plainly as can be: right, or wrong in one way. */
export class Naive {
  readonly rows: Row[] = [];
  readonly log: Entry[] = [];
  columns: Columns = {};
  cursors: LoggedCursors = {};

  constructor(private readonly fault: Fault | null) {}

  /** As the registry would have it. */
  get destination(): Destination<z.infer<typeof parameters>> {
    return {
      name: 'naive',
      summary: 'Keeps rows in memory.',
      parameters,
      modes: ['replace', 'append', 'merge'],
      schemaChanges: ['fail', 'add_columns', 'discard'],
      reads: 'local',
      address: null,
      key: ({ place }) => place,
      location: ({ place }) => place,
      columnProblems: () => [],
      check: (_, { root }, outlook) => this.#check(root, outlook),
      open: async () => this.#publisher(),
    };
  }

  #publisher(): Publisher {
    return {
      inspect: async ({ runKey, sink }) => {
        const own = this.#is('tells no own commit') ? undefined : this.#own({ runKey, sink });
        return {
          version: this.#version,
          readAt: lastReadAt(this.#newest),
          own: own === undefined ? null : { ...own.commit, adopted: true },
        };
      },
      position: async (sources) => this.#position(sources),
      publish: (request) => this.#publish(request),
      fence: async (identity) => this.#fence(identity),
      close: async () => undefined,
    };
  }

  #is(...faults: Fault[]): boolean {
    return this.fault !== null && faults.includes(this.fault);
  }

  get #version(): number {
    return this.log.at(-1)?.version ?? 0;
  }

  get #commits(): Entry[] {
    return this.log.filter(({ kind }) => kind === 'commit');
  }

  get #newest(): NewestCommit | null {
    const entries = this.#is('orders by the newest version') ? this.log : this.#commits;
    const last = entries.at(-1);
    if (last === undefined || last.kind === 'fence') return null;
    const { runKey, origin, committedAt, mode } = last;
    const own = origin?.order?.readAt ?? committedAt;
    const isShort = this.#is('orders by the newest commit') && origin?.order !== undefined;
    const reading = { readAt: own, runKey };
    const order = isShort ? { readAt: own, newest: reading, rewritten: reading } : origin?.order;
    return { runKey, origin: origin && { ...origin, order }, committedAt, mode };
  }

  #own({ runKey, sink }: Pick<CommitIdentity, 'runKey' | 'sink'>): Entry | undefined {
    return this.#commits.findLast((entry) => entry.runKey === runKey && entry.sink === sink);
  }

  #adopted(request: PublishRequest): Entry | undefined {
    const mine = this.#own(request);
    if (mine === undefined || this.#is('adopts nothing')) return undefined;
    if (this.#is('adopts the newest only') && mine !== this.log.at(-1)) return undefined;
    const isSame = mine.manifest === request.manifestSha256;
    if (this.#is('adopts by the run alone')) return mine;
    if (this.#is('adopts by the manifest')) return isSame ? mine : undefined;
    return request.mode !== 'replace' || isSame ? mine : undefined;
  }

  async #publish(request: PublishRequest): Promise<Commit> {
    if (this.#is('looks at the order first')) this.#order(request);
    const mine = this.#adopted(request);
    if (mine !== undefined) return { ...mine.commit, adopted: true };
    if (this.#is('looks at windows first')) await this.#assertWindows(request);
    if (request.baseVersion !== this.#version && !this.#is('takes any base')) {
      throw failure('VersionTaken', `naive is at ${this.#version}. Nothing was written.`);
    }
    const order = this.#order(request);
    await this.#assertWindows(request);
    await this.#write(request);
    const { staged, runKey, sink, mode, manifestSha256: manifest, origin } = request;
    const version = this.#version + 1;
    const commit = { version, rows: staged.rows, bytes: staged.bytes, adopted: false };
    const committedAt = new Date().toISOString();
    const entry = { runKey, sink, manifest, mode, origin: { ...origin, order }, committedAt };
    this.log.push({ kind: 'commit', version, ...entry, commit });
    this.#record(request);
    return commit;
  }

  #order(request: PublishRequest) {
    if (this.#is('refuses what was read at once')) {
      const { readAt } = this.#newest?.origin?.order ?? {};
      if (readAt === request.readAt) throw failure('NewerCommitted', 'Nothing was written.');
    }
    const mode = this.#is('orders appends like others') ? 'replace' : request.mode;
    const overNewer = request.overNewer || this.#is('keeps no order');
    return orderAfter({ ...request, mode, overNewer }, this.#newest, 'naive');
  }

  async #assertWindows(request: PublishRequest): Promise<void> {
    const again = request.again || this.#is('lets windows in twice');
    const runKey = this.#is('refuses its own window') ? 'another' : request.runKey;
    const windows = request.windows.map((window) => {
      const key = this.#is('has one record for all') ? Object.keys(this.cursors)[0] : window.key;
      const logged = this.cursors[window.key];
      if (this.#is('compares windows as texts') && logged !== undefined) {
        return { ...window, type: 'date' as const };
      }
      if (this.#is('compares windows by their record')) {
        // As if each held something before its beginning, which is behind no record.
        const low = window.low ?? `-${'9'.repeat(20)}`;
        return { ...window, low, high: '999', low_inclusive: true };
      }
      return { ...window, key: key ?? window.key };
    });
    if (
      this.#is('compares windows of any column') &&
      windows.some(({ key }) => this.cursors[key])
    ) {
      const strange = windows.find(({ key, column }) => this.cursors[key]?.column !== column);
      if (strange) throw failure('WindowCommitted', 'Nothing was written.');
    }
    const texts = this.#is('compares windows as texts');
    const logged = Object.fromEntries(
      Object.entries(this.cursors).map(([key, cursor]) => [
        key,
        cursor && (texts ? { ...cursor, type: 'date' as const } : cursor),
      ]),
    );
    const asked = { ...request, again, runKey, windows };
    await assertWindowsAreNew(asked, logged, 'naive', () => this.rows.length === 0);
  }

  #record(request: PublishRequest): void {
    if (this.#is('records nothing')) return;
    const { mode, runKey } = request;
    const known = this.#is('moves records back') ? {} : this.cursors;
    const isKept = mode !== 'replace' || this.#is('keeps records over a replace');
    const recorded = Object.entries(cursorsToRecord(request, known));
    const own = recorded.map(([key, cursor]) => [key, { ...cursor, runKey }]);
    this.cursors = { ...(isKept ? this.cursors : {}), ...Object.fromEntries(own) };
  }

  async #write(request: PublishRequest): Promise<void> {
    const { mode, merge, staged } = request;
    const paths = staged.files.map(({ uri }) => `'${uri}'`).join(', ');
    const batch = await inMemory(`SELECT * FROM read_parquet([${paths}])`);
    const brought: Columns = Object.fromEntries(
      staged.schema.map(({ name, type }) => [name, type]),
    );
    const isNew = Object.keys(this.columns).length === 0;
    if (this.#is('writes half')) this.rows.push(...batch);
    const isInPlace = mode === 'replace' && !this.#is('appends for replace');
    if (isInPlace || isNew) this.columns = brought;
    else this.columns = this.#columnsAfter(brought, request);
    const chosen = merge === null ? batch : this.#chosen(batch, merge);
    if (this.#is('keeps rows for nothing') && batch.length === 0) return;
    if (isInPlace || (mode === 'append' && this.#is('replaces for append'))) this.rows.length = 0;
    if (merge !== null && !this.#is('merges by adding')) {
      const keys = new Set(chosen.map((row) => keyOf(row, merge.keys)));
      const kept = this.rows.filter((row) => !keys.has(keyOf(row, merge.keys)));
      this.rows.splice(0, this.rows.length, ...kept);
    }
    this.rows.push(...chosen);
  }

  /** @throws `DataError` */
  #columnsAfter(
    brought: Columns,
    { mode, onSchemaChange, sink }: Pick<PublishOutlook, 'mode' | 'onSchemaChange' | 'sink'>,
  ): Columns {
    const there = this.columns;
    const added = Object.keys(brought).filter((name) => !(name in there));
    const missing = Object.keys(there).filter((name) => !(name in brought));
    const others = Object.keys(brought).filter(
      (name) => name in there && there[name] !== brought[name],
    );
    const isRefused = onSchemaChange === 'fail' && added.length + missing.length > 0;
    if (mode !== 'replace' && (isRefused || others.length > 0)) {
      const names = [...added, ...missing, ...others].join(', ');
      throw failure('DataError', `columns ${names} do not fit. Nothing was written.`, {
        step: sink,
      });
    }
    const isAdding = onSchemaChange === 'add_columns' || this.#is('adds every column');
    if (!isAdding || this.#is('leaves new columns out')) return there;
    return { ...there, ...brought };
  }

  #chosen(batch: Row[], { keys, order }: NonNullable<PublishRequest['merge']>): Row[] {
    const names = new Set(batch.map((row) => keyOf(row, keys)));
    return [...names].map((name) => {
      const group = batch.filter((row) => keyOf(row, keys) === name);
      if (group.length > 1 && order === null && !this.#is('takes any of several rows')) {
        throw failure('DataError', 'several rows have one key. Nothing was written.');
      }
      const sorted = group.toSorted((a, b) =>
        keyOf(a, order ?? []) < keyOf(b, order ?? []) ? -1 : 1,
      );
      return sorted.at(-1) ?? {};
    });
  }

  #position(sources: readonly AskedSource[]): Position {
    const greatest: Position['greatest'] = {};
    for (const { key, column } of sources) {
      if (key in this.cursors && !this.#is('looks for every greatest value')) continue;
      if (this.rows.length === 0) continue;
      if (!(column in this.columns))
        throw failure('ConfigError', `naive has no column \`${column}\``);
      const value = Math.max(...this.rows.map((row) => Number(row[column])));
      greatest[key] = { type: 'integer', value: String(value) };
    }
    const named = this.#is('names fences') ? this.log : this.#commits;
    const last = this.#commits.at(-1);
    const cursors = Object.entries(this.cursors).map(([key, cursor]) => {
      const { runKey: _, ...recorded } = cursor ?? {
        runKey: '',
        column: '',
        type: 'integer',
        next: '',
      };
      return [key, recorded];
    });
    return {
      empty: this.rows.length === 0 && !this.#is('remembers what was not'),
      cursors: Object.fromEntries(cursors),
      greatest,
      last: last?.origin ? lastOf({ ...last.origin, runKey: last.runKey, sink: last.sink }) : null,
      commits: named.map(({ runKey, sink }) => ({ runKey, sink })).toReversed(),
    };
  }

  #fence({ runKey, sink, baseVersion }: CommitIdentity): Commit | null {
    const mine = this.#own({ runKey, sink });
    const stands = mine !== undefined && mine.version > baseVersion;
    if (stands && !this.#is('fences over commits')) return { ...mine.commit, adopted: true };
    const isOpen =
      this.#version === baseVersion || this.#is('fences each time', 'fences over commits');
    if (!isOpen || this.#is('forgets fences')) return null;
    const version = this.#version + 1;
    const commit = { version, rows: 0, bytes: 0, adopted: false };
    const entry = {
      runKey,
      sink,
      manifest: '',
      mode: 'append',
      origin: null,
      committedAt: '',
    } as const;
    this.log.push({ kind: 'fence', version, ...entry, commit });
    return null;
  }

  async #check(root: string, outlook: PublishOutlook): Promise<void> {
    if (this.#is('makes at a look')) await mkdir(join(root, 'made'), { recursive: true });
    if (this.#is('sees nothing ahead')) return;
    if (this.#is('refuses at each look')) throw failure('DataError', 'Nothing was written.');
    if (Object.keys(this.columns).length === 0) return;
    const { columns } = outlook;
    this.#columnsAfter(Object.fromEntries(columns.map(({ name, type }) => [name, type])), outlook);
  }
}

/** Places of a naive destination, which is wrong in that way. */
export function naiveMember(fault: Fault | null): KitMember & { made: () => Naive } {
  let naive = new Naive(fault);
  return {
    made: () => naive,
    async start() {
      return {
        async newPlace(root) {
          naive = new Naive(fault);
          const { rows } = naive;
          const ids = () => rows.map(({ id }) => Number(id)).toSorted((a, b) => a - b);
          const sink = { module: 'naive', root, parameters: { place: root } };
          return { sink, rows: async () => ids().map(String) };
        },
        stop: async () => undefined,
      };
    },
  };
}

function keyOf(row: Row, keys: readonly string[]): string {
  return JSON.stringify(keys.map((key) => row[key]));
}
