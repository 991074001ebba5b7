import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { pythonPath } from '../../src/process/python.js';
import { projectRoot } from './stack.js';

const condition = z.enum(['service_healthy', 'service_completed_successfully', 'service_started']);

const composeService = z.object({
  image: z.string(),
  build: z.string().optional(),
  command: z.array(z.string()).default([]),
  environment: z
    .record(z.string(), z.union([z.string(), z.number()]).transform(String))
    .default({}),
  depends_on: z.record(z.string(), z.object({ condition })).default({}),
  healthcheck: z
    .object({ test: z.array(z.string()).default([]), disable: z.boolean().default(false) })
    .optional(),
  network_mode: z.string().optional(),
  ports: z.array(z.string()).default([]),
  restart: z.string().optional(),
  volumes: z.array(z.string()).default([]),
});
export type ComposeService = z.infer<typeof composeService>;

const composeFile = z.object({
  services: z.record(z.string(), composeService),
  volumes: z.record(z.string(), z.unknown()),
});
export type ComposeFile = z.infer<typeof composeFile>;

/** docker-compose.yml as plain data, merge keys filled in. */
export function readCompose(): unknown {
  const text = readFileSync(join(projectRoot, 'docker-compose.yml'), 'utf8');
  return parse(text, { merge: true });
}

export function loadCompose(): ComposeFile {
  return composeFile.parse(readCompose());
}

/** Where on this machine what a container has is to be found. */
export interface NativePlaces {
  compose: ComposeFile;
  /** Stands for `/project`, the worker's volume. */
  project: string;
  /** Folder of the other volumes. */
  volumes: string;
  /** The loopback port that stands for a port of the file, which uses each number once. */
  portOf: (port: number) => number;
}

/** Texts of a service's command, environment or health check as they are on this machine. */
export function toNative(
  service: ComposeService,
  { compose, project, volumes, portOf }: NativePlaces,
): (text: string) => string {
  const hosts = ['127\\.0\\.0\\.1', 'localhost', ...Object.keys(compose.services)].join('|');
  const address = new RegExp(`(^|//)(?:${hosts}):(\\d+)`, 'g');
  const [volume = ''] = service.volumes
    .map((each) => each.split(':'))
    .filter(([, target]) => target === '/var/lib/beamline')
    .map(([source]) => source);
  return (text) => {
    if (text === 'node') return process.execPath;
    if (text === '/opt/venv/bin/python') return pythonPath();
    return text
      .replaceAll(address, (_all, before: string, port: string) => {
        return `${before}127.0.0.1:${portOf(Number(port))}`;
      })
      .replace(/^(--(?:\w+-)?port=)(\d+)$/, (_all, flag: string, port: string) => {
        return `${flag}${portOf(Number(port))}`;
      })
      .replace('--host=0.0.0.0', '--host=127.0.0.1')
      .replace('/opt/beamline', projectRoot)
      .replace('/var/lib/beamline', join(volumes, volume ?? ''))
      .replace(/^--root=\/project$/, `--root=${project}`);
  };
}
