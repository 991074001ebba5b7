import { styleText } from 'node:util';

type Style = 'green' | 'red' | 'dim';

/** Whether there is a person who sees colours, and wants them: https://no-color.org */
export function hasColour(
  stdout: Pick<NodeJS.WriteStream, 'isTTY'> = process.stdout,
  env: NodeJS.ProcessEnv = process.env,
): boolean {
  return stdout.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

/** What is done. No colour carries a meaning alone. */
export const good = (text: string): string => painted('green', text);
/** What has failed. */
export const bad = (text: string): string => painted('red', text);
/** What one may type, or look at, next. */
export const hint = (text: string): string => painted('dim', text);

function painted(style: Style, text: string): string {
  return hasColour() ? styleText(style, text) : text;
}
