import type { Client } from '@temporalio/client';
import type { Dataflow } from '../../gateways/dataflow.js';
import type { LocalStore } from '../../store/local-store.js';
import type { Spares } from '../../process/spares.js';
import type { ObjectStore } from '../../store/object-store.js';

/** What the worker gives to its activities. */
export interface ActivityDeps {
  /** The project root: relative paths of configs and profiles start here. */
  root: string;
  store: LocalStore;
  /** The task queue that all workers share. */
  taskQueue: string;
  client: Client;
  /** The Temporal namespace. */
  namespace: string;
  /** The Dataflow service; its client is loaded when it is first asked for. */
  dataflow: () => Promise<Dataflow>;
  /** Cloud Storage; its client is loaded when it is first asked for. */
  objects: () => Promise<ObjectStore>;
  /** The Python interpreter that has `beam_pipeline` installed. */
  python: string;
  /** Children that wait for a task; none where they are not kept. */
  spares?: { beam: Spares; publisher: Spares };
}
