/** What a finding says of a config of satokiyo/pydataflow-template. */
export const findingKinds = {
  refused: 'Beamline does not run it',
  changes: 'means something else here',
  ignored: 'has no effect, there or here',
  fixed: 'went wrong there, and is right here',
  note: 'means the same; there is something to know',
} as const;
export type FindingKind = keyof typeof findingKinds;

/** One thing to know about a config, and where it stands. */
export interface Finding {
  kind: FindingKind;
  /** Name of the rule; `loader` for what the loader refuses. */
  rule: string;
  /** The file, as the person named it. */
  file: string;
  /** 1-based; 0 where it is the file as a whole. */
  line: number;
  /** 1-based, in characters; 0 where it is the file as a whole. */
  column: number;
  /** `sources[0].parameters.query`; empty for the document itself. */
  path: string;
  /** What is so, and what to do. Never shows a secret. */
  message: string;
}
