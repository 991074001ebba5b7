/**
 * Whether a cron of five fields fires at other times in Asia/Tokyo than in UTC: they are nine whole hours apart,
 * without daylight saving, so the minute is the same; what is restricted by hour, day or month is not.
 */
export function dependsOnZone(cron: string): boolean {
  const [, ...fields] = cron.trim().split(/\s+/);
  return fields.some((field) => !/^(\*|\*\/1|\?)$/.test(field));
}
