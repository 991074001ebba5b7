import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { LaunchOptions } from '../../shared/run/job.js';
import { loadConfig, type LoadedConfig } from '../document/document.js';
import { durationMs, durationPattern } from '../../shared/duration.js';
import { problemsOf } from '../checks/issues.js';
import { launchFields } from '../envelope/launch-fields.js';
import { launchBlock, optionsOf } from '../envelope/launch-schema.js';
import { mergeLaunch } from '../envelope/merge-launch.js';
import { ConfigProblems } from '../document/problems.js';
import type { JsonSchema } from '../values/schema-walk.js';

/** Name of the settings file in the project root. */
export const settingsName = 'beamline.yaml';

const price = (what: string): z.ZodNumber => z.number().min(0).describe(what);

/** The project-wide settings, as `beamline.yaml` writes them. */
export const settingsFile = z
  .strictObject({
    $schema: z.string().optional().describe('URI of the JSON Schema, for editors.'),
    project: z
      .string()
      .regex(
        /^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
        'must be the id of a Google Cloud project, such as `my-project`',
      )
      .optional()
      .describe('Google Cloud project whose Dataflow jobs these are.'),
    store: z
      .string()
      .regex(
        /^gs:\/\/[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](\/[^\s?#]*)?$/,
        'must be a Cloud Storage folder such as `gs://bucket/beamline`',
      )
      .optional()
      .describe('Folder in Cloud Storage for plans, staged data and receipts.'),
    deployment: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Name that keeps apart two installations which share a project and a Temporal namespace.',
      ),
    roots: z
      .array(z.string().min(1))
      .max(100)
      .optional()
      .describe(
        'Folders and files outside of the project that its runs may also read and write; absolute, or relative to the project root.',
      ),
    reconcile_after: z
      .string()
      .regex(durationPattern)
      .optional()
      .describe('When a run first looks at a job of which it got no event; default `15m`.'),
    force_cancel_after: z
      .string()
      .regex(durationPattern)
      .optional()
      .describe(
        'How long a job may take to cancel before it is cancelled by force; default `30m`.',
      ),
    store_wait: z
      .string()
      .regex(durationPattern)
      .refine(isStoreWait, 'must be from `10s` to `30d`: a worker needs a moment to take a task')
      .optional()
      .describe(
        'How long a run waits for a host that only can go on with it, and keeps its destinations meanwhile; default `1h`.',
      ),
    launch: launchBlock
      .optional()
      .describe("How jobs are launched, unless a config's `launch` or a run says otherwise."),
    gateway: z
      .strictObject({
        audience: z
          .string()
          .min(1)
          .optional()
          .describe('Audience of the tokens that events carry.'),
        issuer: z
          .string()
          .min(1)
          .optional()
          .describe('Issuer of these tokens; default `https://accounts.google.com`.'),
        service_account: z
          .string()
          .min(1)
          .optional()
          .describe('E-mail address of the service account that sends the events.'),
      })
      .optional()
      .describe('Who may send job events to the gateway.'),
    prices: z
      .strictObject({
        currency: z.string().min(1).default('USD').describe('Currency of the prices.'),
        vcpu_hour: price('Price of one vCPU for one hour.'),
        memory_gb_hour: price('Price of one GB of memory for one hour.'),
        disk_gb_hour: price('Price of one GB of disk for one hour.'),
        shuffle_gb: price('Price of one GB that Dataflow Shuffle processes.'),
      })
      .optional()
      .describe('Prices for the cost estimate of a job, in place of list prices.'),
  })
  .meta({ title: 'Beamline settings' });
export type SettingsFile = z.infer<typeof settingsFile>;

/** What the settings say; what they leave open is absent. */
export interface Settings {
  /** The files that were read, as they are shown to people, the more important first. */
  files: string[];
  project?: string;
  /** `gs://bucket/prefix`, without a slash at its end. */
  store?: string;
  deployment?: string;
  /** Milliseconds; absent: an hour. */
  storeWaitMs?: number;
  /** Folders and files outside of the project that its runs may read and write. */
  roots?: string[];
  launch: LaunchOptions;
  gateway: { audience?: string; issuer?: string; serviceAccount?: string };
  /** Of every region; absent: list prices. */
  prices?: NonNullable<SettingsFile['prices']>;
}

/**
 * The settings of a project: `beamline.yaml` in its root, over the file that BEAMLINE_DEV_SETTINGS
 * names (what `beamline dev` runs).
 * @throws `ConfigProblems` with every problem at its place
 */
export function loadSettings(root: string, env: NodeJS.ProcessEnv = process.env): Settings {
  const named = env['BEAMLINE_DEV_SETTINGS'];
  const own = join(root, settingsName);
  const layers = [
    ...(existsSync(own) ? [settingsOf(loadConfig(own, { root, file: settingsName }))] : []),
    ...(named ? [settingsOf(loadConfig(named, { root }))] : []),
  ];
  return layers.toReversed().reduce<Settings>(over, nothing);
}

/** 0 would be no limit to Temporal. */
function isStoreWait(text: string): boolean {
  const ms = durationMs(text) ?? 0;
  return ms >= 10_000 && ms <= 30 * 86_400_000;
}

/** The settings as a JSON Schema. */
export function settingsSchema(): JsonSchema {
  return z.toJSONSchema(settingsFile, { io: 'input' });
}

const nothing: Settings = { files: [], launch: {}, gateway: {} };

function settingsOf(loaded: LoadedConfig): Settings {
  const value = loaded.value ?? {};
  const result = settingsFile.safeParse(value);
  if (!result.success) {
    const context = { loaded, value, base: [], schema: settingsSchema, hint: belongsBelow };
    throw new ConfigProblems(problemsOf(result.error.issues, context));
  }
  const { project, store, deployment, roots, gateway = {}, prices } = result.data;
  const { reconcile_after, force_cancel_after, store_wait, launch } = result.data;
  return {
    files: [loaded.file],
    ...(roots !== undefined && { roots }),
    ...(project !== undefined && { project }),
    ...(store !== undefined && { store: store.replace(/\/+$/, '') }),
    ...(deployment !== undefined && { deployment }),
    ...(store_wait !== undefined && { storeWaitMs: durationMs(store_wait) ?? 0 }),
    launch: optionsOf({
      ...(reconcile_after !== undefined && { reconcile_after }),
      ...(force_cancel_after !== undefined && { force_cancel_after }),
      ...launch,
    }),
    gateway: {
      ...(gateway.audience !== undefined && { audience: gateway.audience }),
      ...(gateway.issuer !== undefined && { issuer: gateway.issuer }),
      ...(gateway.service_account !== undefined && { serviceAccount: gateway.service_account }),
    },
    ...(prices !== undefined && { prices }),
  };
}

/** One layer of settings over another. */
function over(below: Settings, above: Settings): Settings {
  return {
    ...below,
    ...above,
    files: [...above.files, ...below.files],
    ...((above.roots ?? below.roots) && {
      roots: [...(above.roots ?? []), ...(below.roots ?? [])],
    }),
    launch: mergeLaunch(below.launch, above.launch),
    gateway: { ...below.gateway, ...above.gateway },
  };
}

/** A launch option at the top of the file: it was meant, one level below. */
function belongsBelow(path: readonly (string | number)[], key: string): string | undefined {
  const isOption = launchFields.some((field) => field.key === key);
  return path.length === 0 && isOption ? 'belongs under `launch`' : undefined;
}
