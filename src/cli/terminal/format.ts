import { counted } from '../../shared/counts.js';

/** `1 row`, `336,776 rows`. */
export function rows(value: number): string {
  return counted(value, 'row');
}

/** `386 bytes`, `1.2 MB`. */
export function size(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** step;
  return `${step === 0 ? value : value.toFixed(1)} ${units[step] ?? ''}`;
}

/** `412/s`, `412k/s`, `1.3M/s`. */
export function rate(perSecond: number): string {
  if (perSecond < 1_000) return `${Math.round(perSecond)}/s`;
  if (perSecond < 999_500) return `${Math.round(perSecond / 1_000)}k/s`;
  return `${(perSecond / 1e6).toFixed(1)}M/s`;
}

/** Milliseconds that a run took, as its receipt says; without one to its end, or until now. */
export function tookMs(
  run: { started_at: string; closed_at: string | null },
  receipt: { duration_ms: number } | null,
): number {
  if (receipt !== null) return receipt.duration_ms;
  const end = run.closed_at === null ? Date.now() : Date.parse(run.closed_at);
  return end - Date.parse(run.started_at);
}

/** `0.4 s`, `3.1 s`, `42 s`, `4 min 12 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [minutes, hours] = [Math.floor(whole / 60), Math.floor(whole / 3600)];
  if (hours === 0) return `${minutes} min ${whole % 60} s`;
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `2026-11-24 03:04:11Z` of an ISO time. */
export function instant(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}Z`;
}

/** `03:04:11Z`. */
export function clock(time: Date): string {
  return `${time.toISOString().slice(11, 19)}Z`;
}

/** Cut to a width, with `…` where something is missing. */
export function clipped(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
