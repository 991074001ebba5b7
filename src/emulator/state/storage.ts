import { Storage } from '@google-cloud/storage';

/** Objects of Cloud Storage, as far as a launch needs them. */
export interface LaunchStorage {
  /** Null if there is no such object. */
  read(uri: string): Promise<string | null>;
  /** Writes an object unless it is there. */
  createOnce(uri: string, content: string): Promise<void>;
}

/** Cloud Storage at the emulator's address: no credentials are needed there. */
export function createLaunchStorage(apiEndpoint: string): LaunchStorage {
  const storage = new Storage({ apiEndpoint, projectId: 'emulated' });
  const fileOf = (uri: string) => {
    const [, bucket, name] = /^gs:\/\/([^/]+)\/(.+)$/s.exec(uri) ?? [];
    if (bucket === undefined || name === undefined) throw new TypeError(`${uri} is no gs:// URI`);
    return storage.bucket(bucket).file(name);
  };
  return {
    async read(uri) {
      try {
        const [content] = await fileOf(uri).download();
        return content.toString('utf8');
      } catch (error) {
        if (codeOf(error) === 404) return null;
        throw error;
      }
    },
    async createOnce(uri, content) {
      try {
        await fileOf(uri).save(content, {
          resumable: false,
          validation: false, // It would delete the object when the answer has no checksum.
          preconditionOpts: { ifGenerationMatch: 0 },
        });
      } catch (error) {
        if (codeOf(error) !== 412) throw error;
      }
    },
  };
}

function codeOf(error: unknown): number | undefined {
  return (error as { code?: number }).code;
}
