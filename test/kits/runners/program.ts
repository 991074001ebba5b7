/**
 * Stands for the Python that has Beam, whoever runs it: it tells which processes of a run there are, and ends as
 * it is told (`programs.ts`). Asked for columns, it knows none.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pythonPath } from '../../../src/process/python.js';
import { startOf } from '../../../src/process/process-record.js';
import { programNames, slowMs, type ProgramEnd } from './programs.js';

const args = process.argv.slice(2);
if (args[1] === 'beam_pipeline.main') await main();
else say({ steps: {} });

async function main(): Promise<void> {
  const folder = join(process.env[programNames.folder] ?? '', valueOf('run_key'));
  const path = (name: keyof typeof programNames): string => join(folder, programNames[name]);
  mkdirSync(folder, { recursive: true });
  const parent = process.ppid;
  process.on('SIGTERM', () => {
    setTimeout(() => process.exit(143), existsSync(path('slow')) ? slowMs : 0);
  });
  await noteCompany(path('started'), path('company'));
  appendFileSync(path('started'), `${process.pid}\n`);
  say({ event: 'started', beam: 'none', pid: process.pid });
  for (let turn = 0; !existsSync(path('end')); turn++) {
    if (process.ppid !== parent) process.exit(1);
    const source = { kind: 'source', rows: 0, bytes: 0, done: false };
    if (turn % 20 === 0) say({ event: 'progress', steps: { orders: source } });
    await sleep(25);
  }
  process.exitCode = await endAs(readFileSync(path('end'), 'utf8') as ProgramEnd);
}

async function noteCompany(started: string, company: string): Promise<void> {
  const others = existsSync(started) ? readFileSync(started, 'utf8').trim().split('\n') : [];
  for (const pid of others) {
    if ((await startOf(Number(pid))) !== null) writeFileSync(company, pid);
  }
}

async function endAs(end: ProgramEnd): Promise<number> {
  if (end === 'runs Beam') {
    const child = spawn(pythonPath(), args, { stdio: 'inherit' });
    return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
  }
  if (end === 'fails') {
    const failure = { type: 'DataError', message: programNames.cause, step: 'orders' };
    say({ event: 'failed', failure: { ...failure, retryable: false } });
    return 1;
  }
  const manifest = `${valueOf('staging')}/manifest.json`;
  if (manifest.startsWith('gs://')) await write(manifest);
  say({ event: 'finished', manifest, sha256: 'b'.repeat(64) });
  return 0;
}

async function write(uri: string): Promise<void> {
  const [, bucket = '', name = ''] = /^gs:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  const to = `${process.env['STORAGE_EMULATOR_HOST'] ?? ''}/upload/storage/v1/b/${bucket}/o`;
  const answer = await fetch(`${to}?uploadType=media&name=${encodeURIComponent(name)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: '{}',
  });
  if (!answer.ok) throw new Error(`${uri}: ${answer.status} ${await answer.text()}`);
}

function valueOf(name: string): string {
  const given = args.find((arg) => arg.startsWith(`--${name}=`));
  return given?.slice(name.length + 3) ?? '';
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
