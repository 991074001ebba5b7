const hidden = '***';

// Bounded, so that a text of any length takes a time in proportion to it.
/** What may stand before a secret, and what the secret looks like. */
const secrets: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // scheme://user:password@host; a password with an unescaped `@` ends at the last one of the word.
  [/(\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s:/@'"]{0,200}):[^\s/'"]{1,500}@/gi, `$1:${hidden}@`],
  // password=…, "password": "…", PGPASSWORD=…, token: …; quoted values may hold spaces.
  [
    /((?:password|passwd|pwd|secret|token|api[_-]?key|private[_-]?key|credential)["']?\s*(?:=>?|:)\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;&)}\]]+)/gi,
    `$1${hidden}`,
  ],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${hidden}`],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, hidden],
  // OAuth access tokens of Google.
  [/\bya29\.[\w-]+/g, hidden],
];

/** A service's words without what looks like a password, a token or a key. */
export function redacted(text: string): string {
  return secrets.reduce(
    (sofar, [pattern, replacement]) => sofar.replace(pattern, replacement),
    text,
  );
}
