import { InvalidArgumentError, Option } from 'commander';
import { bucketPathMessage } from '../../config/values/bucket-path.js';

/** `--arg day=2026-01-01`, as often as wanted. */
export function argOption(): Option {
  return new Option('--arg <name=value>', "value of one of the config's args (repeat for more)")
    .default({}, 'none')
    .argParser((text: string, sofar: Record<string, string>) => {
      const at = text.indexOf('=');
      if (at < 1) throw new InvalidArgumentError('Write it as name=value.');
      const name = text.slice(0, at);
      if (Object.hasOwn(sofar, name)) {
        throw new InvalidArgumentError(`Argument ${name} is given twice.`);
      }
      return { ...sofar, [name]: text.slice(at + 1) };
    });
}

/** `--profile FILE`. */
export function profileOption(): Option {
  return new Option(
    '--profile <file>',
    'connection profiles (default: .connections.json beside the config or in the project root)',
  ).argParser((path: string) => {
    const message = bucketPathMessage(path, 'profile');
    if (message !== undefined) throw new InvalidArgumentError(message);
    return path;
  });
}
