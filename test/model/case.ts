import assert from 'node:assert/strict';
import type {
  Commit,
  PublishRequest,
  SinkMode,
  Standing,
} from '../../src/destinations/destination.js';
import { cursorKey, type SourceWindow } from '../../src/shared/run/window.js';
import { failureOf, requestOf } from '../destinations/in-process.js';
import type { Publishing } from '../destinations/support.js';
import { readAtAfter } from '../../src/workflows/steps/inspect.js';
import { Expectation, type Outcome, type Reading, type Source } from './expectation.js';
import { isInWindow, type Refusal } from './naive.js';
import type { OpenDestination, Sleeper } from './open-destination.js';
import { contentOf } from './rows.js';
import type { Note, Setting, Step } from './series.js';
import type { Stager } from './stager.js';
import { textAt } from './ticks.js';
import { windowOfRun } from './window-of-run.js';

/** What a case is played with. */
export interface Stage {
  /** Opens the table of the case, and opens it again. */
  open(): Promise<OpenDestination>;
  stager: Stager;
  /** Told what the case has seen. */
  count(what: string): void;
}

interface Sleeping {
  request: PublishRequest;
  /** Null if it is to begin when it wakes. */
  sleeper: Sleeper | null;
  /** What it has committed, or as what it fails. */
  version: number | string[];
}

/** A run that was cancelled before it published here: what it staged is there, and may be published. */
interface Left {
  source: Source;
  request: PublishRequest;
  window: SourceWindow;
  reading: Reading;
  isIn: boolean;
}

type Run = Extract<Step, { kind: 'run' }>;

/** One series: the real publisher beside the model, in ticks. */
export class Case {
  #now = 100;
  #nextId = 1;
  #runs = 0;
  #version = 0;
  /** Milliseconds since 1970, as the servers of the runs have it. */
  #clock = Date.UTC(2026, 0, 1);
  /** When the last run read, by its clock. */
  #lastRead = 0;
  readonly #sources: Source[];
  readonly #expectation: Expectation;
  #sleeping: Sleeping[] = [];
  readonly #left: Left[] = [];
  #destination: OpenDestination | undefined;

  constructor(
    private readonly setting: Setting,
    private readonly stage: Stage,
  ) {
    this.#expectation = new Expectation(setting);
    // Two pipelines on one table make sense only if neither takes the other's rows away.
    const isShared = setting.pipelines === 2 && this.#expectation.loadMode !== 'replace';
    this.#sources = (isShared ? ['north', 'south'] : ['north']).map((name) => ({
      name,
      rows: [],
      ended: null,
    }));
  }

  async play(steps: readonly Step[]): Promise<void> {
    await this.#reopen();
    try {
      for (const step of steps) await this.#take(step);
      await this.#wake();
      await this.#reopen();
      await this.#compare();
      assert.deepEqual(await this.#open.leftBehind(), []);
    } finally {
      await this.#destination?.close();
    }
  }

  async #take(step: Step): Promise<void> {
    const source = this.#sources[step.pipeline % this.#sources.length];
    assert.ok(source);
    switch (step.kind) {
      case 'insert':
        this.#now += 1;
        for (let index = 0; index < step.count; index++) this.#insert(source, this.#now, step.note);
        return;
      case 'late':
        return this.#insert(source, this.#now - step.ticks, step.note);
      case 'without':
        return this.#insert(source, null, step.note);
      case 'again': {
        const row = this.#pick(source, step.pick);
        if (row === undefined) return;
        this.#now += 1;
        const at = step.isLater ? this.#now : row.at;
        source.rows.push({ id: row.id, at, note: step.note });
        return this.stage.count('several rows of one key');
      }
      case 'update': {
        const row = this.#pick(source, step.pick);
        // An append is of rows that do not change.
        if (row === undefined || this.setting.mode === 'append') return;
        this.#now += 1;
        row.at = this.#now;
        row.note = step.note;
        return;
      }
      case 'interrupt':
        this.#now += 1;
        return this.#interrupt(source);
      case 'complete':
        for (let times = step.isTwice ? 2 : 1; times > 0; times--) {
          await this.#complete(this.#left[step.pick % Math.max(this.#left.length, 1)], step);
        }
        return this.#compare();
      case 'rerun':
        await this.#rerun(this.#left[step.pick % Math.max(this.#left.length, 1)]);
        return this.#compare();
      case 'load':
        this.#now += 1;
        await this.#load(source);
        return this.#compare();
      case 'run':
        this.#now += 1;
        this.stage.count(step.trouble);
        await this.#run(source, step);
        return this.#compare();
    }
  }

  #othersOf(source: Source): Source[] {
    return this.#sources.filter((other) => other !== source);
  }

  #insert(source: Source, at: number | null, note: Note): void {
    source.rows.push({ id: this.#nextId++, at, note });
  }

  #pick({ rows }: Source, index: number): Source['rows'][number] | undefined {
    return rows[index % Math.max(rows.length, 1)];
  }

  async #load(source: Source): Promise<void> {
    const mode = this.#expectation.loadMode;
    const reading = this.#expectation.readAll(source);
    const { rows } = reading;
    const staged = await this.stage.stager.stage({ columns: this.#expectation.columns, rows });
    const merge = mode === 'merge' ? this.#expectation.mergeOf(null) : null;
    const readAt = await this.#readAt();
    const request = this.#request(`run${++this.#runs}`, { staged, mode, merge, readAt });
    const outcome = this.#expectation.afterPublish(source, reading);
    if (typeof outcome === 'string') return this.#refused(request, outcome);
    this.#committed(await this.#publisher.publish(request), false);
    this.#expectation.published(source, reading, outcome);
    await this.#wake();
  }

  async #interrupt(source: Source): Promise<void> {
    const { request, window, reading } = await this.#stage(source, `run${++this.#runs}`);
    this.#left.push({ source, request, window, reading, isIn: false });
  }

  /** What a run left is published now, and once. */
  async #complete(left: Left | undefined, { overNewer }: { overNewer: boolean }): Promise<void> {
    if (left === undefined) return;
    const { source, reading } = left;
    const request = { ...left.request, baseVersion: this.#version, overNewer };
    if (left.isIn) {
      assert.equal((await this.#publisher.publish(request)).adopted, true);
      return this.stage.count('completed twice');
    }
    const outcome = this.#expectation.afterPublish(source, reading, { overNewer });
    if (typeof outcome === 'string') {
      this.stage.count(`completed: ${outcome}`);
      return this.#refused(request, outcome);
    }
    this.#committed(await this.#publisher.publish(request), false);
    this.#expectation.published(source, reading, outcome, { overNewer });
    left.isIn = true;
    this.stage.count(overNewer ? 'completed all the same' : 'completed');
    await this.#wake();
  }

  /** The window of a run is read again. */
  async #rerun(left: Left | undefined): Promise<void> {
    if (left === undefined) return;
    const { source, window } = left;
    const { request } = await this.#stage(source, `run${++this.#runs}`, window);
    const reading = this.#expectation.readAgain(source, left.reading);
    const outcome = this.#expectation.afterPublish(source, reading);
    this.stage.count('run again');
    if (typeof outcome === 'string') return this.#refused(request, outcome);
    this.#committed(await this.#publisher.publish(request), false);
    this.#expectation.published(source, reading, outcome);
    await this.#wake();
  }

  async #run(source: Source, step: Run): Promise<void> {
    const { trouble, calls } = step;
    if (trouble === 'second attempt') await this.#stage(source, 'lost');
    const { request, window, reading } = await this.#stage(source, `run${++this.#runs}`);
    const outcome = this.#expectation.afterPublish(source, reading);
    if (trouble === 'cancelled sleeper') {
      return this.#cancelled(source, { request, reading }, outcome, calls);
    }
    if (typeof outcome === 'string') return this.#refused(request, outcome);
    const sleeping = { request, version: this.#version + 1 };
    const twin = trouble === 'twin sleeper' ? await this.#open.fallAsleep(request, calls) : null;
    if (trouble === 'killed') await this.#killed(request, step);
    // A twin may have committed before it fell asleep.
    else this.#committed(await this.#publisher.publish(request), twin === null ? false : null);
    this.#expectation.published(source, reading, outcome);
    this.#assertWindow(window, outcome);
    if (trouble === 'lost answer') {
      assert.equal((await this.#publisher.publish(request)).adopted, true);
    }
    await this.#wake();
    if (trouble === 'twin sleeper') this.#sleeping.push({ ...sleeping, sleeper: twin });
  }

  /** A run ends by its fence, while its publisher sleeps: it has committed, or it never will. */
  async #cancelled(
    source: Source,
    { request, reading }: { request: PublishRequest; reading: Reading },
    outcome: Outcome | Refusal,
    calls: number,
  ): Promise<void> {
    const sleeper = await this.#open.fallAsleep(request, calls);
    const commit = await this.#publisher.fence(request);
    this.#version += 1;
    if (commit === null) {
      const refusal = typeof outcome === 'string' ? [outcome] : [];
      this.#sleeping.push({ request, sleeper, version: ['VersionTaken', ...refusal] });
      return this.stage.count('cancelled: it commits no more');
    }
    assert.ok(typeof outcome !== 'string');
    assert.equal(commit.version, this.#version);
    this.#expectation.published(source, reading, outcome);
    this.#sleeping.push({ request, sleeper, version: this.#version });
    this.stage.count('cancelled: it had committed');
  }

  /** A publisher ends after some of its calls, and another one does the same. */
  async #killed(request: PublishRequest, { calls, isHasty }: Run): Promise<void> {
    const killed = this.#open.killAfter(calls);
    const commit = await this.#publisher.publish(request).catch((error: unknown) => {
      if (killed.isHit()) return null;
      throw error;
    });
    await this.#reopen();
    if (isHasty) {
      // Whether it finds a commit depends on how far the other one's had come.
      this.#committed(await this.#publisher.publish(request), null);
      await killed.settled();
      assert.equal((await this.#inspect()).version, this.#version);
      return this.stage.count('killed: another one came at once');
    }
    await killed.settled();
    const stands = (await this.#inspect()).version > this.#version;
    assert.ok(stands || commit === null, 'a commit that was reported is lost');
    if (!stands) await this.#compare();
    this.stage.count(stands ? 'killed: it was committed' : 'killed: nothing is left of it');
    this.#committed(await this.#publisher.publish(request), stands);
  }

  /** @param isAdopted null if both may be */
  #committed({ version, adopted }: Commit, isAdopted: boolean | null): void {
    assert.deepEqual([version, adopted], [this.#version + 1, isAdopted ?? adopted]);
    this.#version += 1;
  }

  /** A batch that no rule lets in changes nothing. */
  async #refused(request: PublishRequest, type: string): Promise<void> {
    assert.equal((await failureOf(this.#publisher.publish(request))).type, type);
    assert.equal((await this.#inspect()).version, this.#version);
    this.stage.count('refused');
  }

  /** Publishers that slept wake: what they were to commit is committed or taken by others. */
  async #wake(): Promise<void> {
    for (const { request, sleeper, version } of this.#sleeping.splice(0)) {
      const end = sleeper === null ? this.#publisher.publish(request) : sleeper.wake();
      if (typeof version === 'number') {
        assert.equal((await end).version, version);
        continue;
      }
      const { type, message } = await failureOf(end);
      assert.ok(version.includes(type ?? ''), message);
    }
  }

  async #compare(): Promise<void> {
    const found = await this.#open.read(this.#expectation.columns);
    const content = found === null ? [] : contentOf(found);
    assert.deepEqual(content, contentOf(this.#expectation.table));
  }

  #assertWindow({ basis, next }: SourceWindow, expected: Outcome): void {
    assert.equal(basis, expected.basis);
    this.stage.count(`window begins by ${basis}`);
    const { ended } = expected;
    if (Number.isInteger(ended)) assert.equal(next, textAt(this.setting.type, ended ?? 0));
  }

  /** What a run does before it publishes, as the activities do it. */
  async #stage(
    source: Source,
    runKey: string,
    given?: SourceWindow,
  ): Promise<{ request: PublishRequest; window: SourceWindow; reading: Reading }> {
    const { mode, byWindow } = this.setting;
    const key = cursorKey(source.name, 'orders');
    const readAt = await this.#readAt();
    const position = await this.#publisher.position([{ key, column: 'at' }]);
    const window = given ?? windowOfRun(this.setting, source, key, position, this.#now);
    const { columns } = this.#expectation;
    const rows = source.rows
      .map((row) => this.#expectation.rowOf(row))
      .filter(({ at }) => isInWindow(at ?? null, window));
    const staged = await this.stage.stager.stage({ columns, rows });
    const merge = this.#expectation.mergeOf(byWindow ? window : null);
    const windows = [{ ...window, key }];
    const request = this.#request(runKey, { staged, mode, merge, windows, readAt });
    const reading = this.#expectation.read(source, this.#othersOf(source), this.#now);
    return { request, window, reading };
  }

  /** As a run asks before it reads: its clock may be wrong, as long as nobody else's rows wait. */
  async #readAt(): Promise<string> {
    const waits = this.#left.some(({ isIn }) => !isIn);
    this.#clock = waits ? Math.max(this.#clock, this.#lastRead) + 5 : this.#clock - 3;
    const readAt = readAtAfter([(await this.#inspect()).readAt], this.#clock);
    this.#lastRead = Date.parse(readAt);
    return readAt;
  }

  async #inspect(): Promise<Standing> {
    return this.#publisher.inspect({ runKey: 'nobody', sink: 'sink' });
  }

  #request(
    run: string,
    publishing: Pick<Publishing, 'staged' | 'merge' | 'windows' | 'readAt'> & { mode: SinkMode },
  ): PublishRequest {
    return requestOf(this.#open.sink, {
      run,
      base: this.#version,
      manifest: `manifest of ${run} ${this.#runs}`,
      ...publishing,
    });
  }

  get #open(): OpenDestination {
    assert.ok(this.#destination);
    return this.#destination;
  }

  get #publisher(): OpenDestination['publisher'] {
    return this.#open.publisher;
  }

  async #reopen(): Promise<void> {
    await this.#destination?.close();
    this.#destination = await this.stage.open();
  }
}
