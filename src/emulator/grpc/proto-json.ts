import type { Json } from '../jobs/jobs.js';

/**
 * Between the JSON form of a message and the objects of proto-loader, which differ in the well-known
 * types: timestamps, `Struct` and `Value`.
 */
const timestampFields = new Set([
  'time',
  'currentStateTime',
  'createTime',
  'startTime',
  'endTime',
  'metricTime',
  'updateTime',
]);
const structFields = new Set(['sdkPipelineOptions', 'userAgent']);
const valueFields = new Set(['scalar']);
/** Maps of the user's own keys. */
const maps = new Set(['labels', 'parameters', 'context', 'additionalUserLabels', 'launchOptions']);

/** The JSON form as an object to send. */
export function toProto(message: Json): Json {
  return Object.fromEntries(
    Object.entries(message).map(([key, value]) => {
      if (maps.has(key)) return [key, value];
      if (timestampFields.has(key) && typeof value === 'string') return [key, instant(value)];
      if (structFields.has(key)) return [key, struct(value as Json)];
      if (valueFields.has(key)) return [key, protoValue(value)];
      return [key, nested(value, toProto)];
    }),
  );
}

/** A received object in its JSON form. */
export function fromProto(message: Json): Json {
  return Object.fromEntries(
    Object.entries(message).map(([key, value]) => {
      if (maps.has(key)) return [key, value];
      if (timestampFields.has(key) && isObject(value)) return [key, isoOf(value)];
      return [key, nested(value, fromProto)];
    }),
  );
}

function nested(value: unknown, convert: (message: Json) => Json): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => nested(item, convert));
  return isObject(value) ? convert(value) : value;
}

function instant(iso: string): { seconds: number; nanos: number } {
  const ms = Date.parse(iso);
  return { seconds: Math.floor(ms / 1000), nanos: (((ms % 1000) + 1000) % 1000) * 1e6 };
}

function isoOf({ seconds = 0, nanos = 0 }: Json): string {
  return new Date(Number(seconds) * 1000 + Math.floor(Number(nanos) / 1e6)).toISOString();
}

function struct(fields: Json): Json {
  return {
    fields: Object.fromEntries(
      Object.entries(fields).map(([key, value]) => [key, protoValue(value)]),
    ),
  };
}

function protoValue(value: unknown): Json {
  if (value === null || value === undefined) return { nullValue: 0 };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'string') return { stringValue: value };
  if (Array.isArray(value)) return { listValue: { values: value.map(protoValue) } };
  return { structValue: struct(value as Json) };
}

function isObject(value: unknown): value is Json {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value)
  );
}
