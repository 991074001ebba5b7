/** An object's place: `gs://bucket/name`. */
export interface GsUri {
  bucket: string;
  /** Without a slash at its beginning; empty for the bucket itself. */
  name: string;
}

/** Whether the text names something in Cloud Storage, and no path of this machine. */
export function isGsUri(text: string): boolean {
  return text.startsWith('gs://');
}

/** @throws RangeError if the text is no `gs://bucket/name` */
export function parseGsUri(uri: string): GsUri {
  const found = /^gs:\/\/([^/]+)(?:\/(.*))?$/s.exec(uri);
  if (found?.[1] === undefined) throw new RangeError(`\`${uri}\` is not like gs://bucket/name`);
  return { bucket: found[1], name: found[2] ?? '' };
}

/**
 * The path of an object below a folder, with `/` between its parts; null if it is not below it or
 * has parts that a file system would not keep apart (`..`, empty ones).
 */
export function pathBelow(folder: string, uri: string): string | null {
  const prefix = folder.endsWith('/') ? folder : `${folder}/`;
  if (!uri.startsWith(prefix)) return null;
  const path = uri.slice(prefix.length);
  const isPlain = path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  return isPlain && !path.includes('\\') && !path.includes('\0') ? path : null;
}

/** The folder that an object, or a file, is in; without a slash at its end. */
export function folderOf(uri: string): string {
  return uri.slice(0, uri.lastIndexOf('/'));
}
