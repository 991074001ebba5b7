import type { ObjectStore } from '../store/object-store.js';

let opened: Promise<ObjectStore> | undefined;

/** The object store of this process. Its client is loaded at the first use: local runs need none. */
export function openObjectStore(): Promise<ObjectStore> {
  opened ??= import('./google-storage.js').then(({ createObjectStore }) => createObjectStore());
  return opened;
}
