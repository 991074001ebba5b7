const why = {
  config:
    'a run pins its config, SQL and arguments by content when it starts, and uploads what its job needs',
  profile: 'a run uploads the references that its job needs, never a password in plain text',
};

/**
 * Why a path in a bucket cannot stand where a path of the project is meant, and what to write;
 * undefined for every other path.
 */
export function bucketPathMessage(path: string, kind: 'config' | 'profile'): string | undefined {
  if (!path.startsWith('gs://')) return undefined;
  const local = /^gs:\/\/[^/]+\/(.+)$/.exec(path)?.[1] ?? 'FILE';
  return (
    `\`${path}\` is in a bucket; give the path in the project, \`${local}\`, and everything else as it is: ` +
    why[kind]
  );
}
