import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { ApiError } from './api-error.js';
import { replaceFile } from './files.js';

/** base64 of each version of each secret, the oldest first; by `projects/p/secrets/s`. */
const stored = z.record(z.string(), z.array(z.string()));

/** Secrets in a file that only its owner may read. */
export class Secrets {
  readonly #versions: Map<string, string[]>;

  constructor(readonly file: string) {
    const document: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
    this.#versions = new Map(Object.entries(stored.parse(document)));
  }

  /** Takes in `{"projects/p/secrets/s": "value"}`; a value that is known makes no new version. */
  load(document: unknown): void {
    const values = z.record(z.string().regex(secretName), z.string()).parse(document);
    for (const [name, value] of Object.entries(values)) {
      const data = Buffer.from(value).toString('base64');
      const versions = this.#versions.get(name) ?? [];
      if (versions.at(-1) !== data) this.#versions.set(name, [...versions, data]);
    }
    this.#save();
  }

  /** @throws {@link ApiError} ALREADY_EXISTS */
  create(name: string): void {
    if (this.#versions.has(name)) {
      throw new ApiError('ALREADY_EXISTS', `Secret [${name}] already exists.`);
    }
    this.#versions.set(name, []);
    this.#save();
  }

  /** @returns the number of the new version; the first is 1 */
  add(name: string, data: string): number {
    const versions = this.#find(name);
    versions.push(data);
    this.#save();
    return versions.length;
  }

  /** @throws {@link ApiError} NOT_FOUND */
  access(name: string, version: string): { version: number; data: string } {
    const versions = this.#find(name);
    const number = version === 'latest' ? versions.length : Number(version);
    const data = versions[number - 1];
    if (data === undefined) {
      throw new ApiError('NOT_FOUND', `Secret Version [${name}/versions/${version}] not found.`);
    }
    return { version: number, data };
  }

  #find(name: string): string[] {
    const versions = this.#versions.get(name);
    if (versions) return versions;
    throw new ApiError('NOT_FOUND', `Secret [${name}] not found or has no versions.`);
  }

  #save(): void {
    replaceFile(this.file, JSON.stringify(Object.fromEntries(this.#versions), null, 2));
  }
}

const secretName = /^projects\/[^/]+\/secrets\/[A-Za-z0-9_-]{1,255}$/;
