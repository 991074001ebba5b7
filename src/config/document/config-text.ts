import { NotRegular, readRegularText, TooLarge } from '../../store/read-regular.js';
import { missingFile } from './missing-file.js';
import { ConfigProblems } from './problems.js';
import { number } from '../../shared/counts.js';

/** A config must be smaller than this: 10 MB. */
export const maxConfigBytes = 10_000_000;
/** A file of connection profiles: 1 MB, some thousands of them. */
export const maxProfileBytes = 1_000_000;

/**
 * The text of a config, or of another file that is written like one.
 * @param file its name in problems
 * @param most it has fewer bytes
 * @throws `ConfigProblems` if it cannot be read
 */
export function readConfigText(path: string, file: string, most: number): string {
  const whole = (message: string): ConfigProblems =>
    new ConfigProblems([{ file, line: 0, column: 0, path: '', message }]);
  try {
    return readRegularText(path, most - 1);
  } catch (error) {
    if (error instanceof TooLarge) {
      const size = error.size < most ? 'more' : number(error.size);
      const advice =
        most === maxConfigBytes
          ? `a config must have fewer than ${number(most)}. Long SQL goes into a .sql file, data into a file that a source reads`
          : `connection profiles must have fewer than ${number(most)}`;
      throw whole(`the file has ${size} bytes; ${advice}`);
    }
    if (error instanceof NotRegular) throw whole(`${error.message}; name a config file`);
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw whole(missingFile(path));
    if (code === 'EACCES' || code === 'EPERM') throw whole('may not be read: permission denied');
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') throw whole('is not UTF-8 text');
    if (code !== undefined) throw whole(`cannot be read (${code})`);
    throw error;
  }
}
