import { isNamed } from '../../shared/form.js';
import { outcomes, type Receipt } from '../../shared/run/receipt.js';

const texts = ['run_key', 'workflow_id', 'run_id', 'pipeline', 'config', 'started_at'];
const numbers = ['duration_ms', 'rows_read', 'rows_staged', 'rows_rejected'];

/**
 * A receipt, as far as everybody who shows one relies on it; null for anything else. Anybody may let a
 * workflow of our type end with something else, and a file of the store may be cut.
 */
export function readReceipt(value: unknown): Receipt | null {
  if (!isNamed(value)) return null;
  const isReceipt =
    outcomes.some((outcome) => outcome === value['outcome']) &&
    texts.every((name) => typeof value[name] === 'string') &&
    numbers.every((name) => typeof value[name] === 'number') &&
    isNamed(value['args']) &&
    isListOf(value['steps'], ({ name, module }) => isTexts(name, module)) &&
    isListOf(
      value['sinks'],
      ({ name, destination, state, rows }) =>
        isTexts(name, destination, state) && typeof rows === 'number',
    ) &&
    isOptional(value['notes'], (notes) => Array.isArray(notes) && isTexts(...notes)) &&
    isOptional(value['job'], isNamed) &&
    isOptional(
      value['failure'],
      (failure) => isNamed(failure) && isTexts(failure['type'], failure['message']),
    );
  return isReceipt ? (value as unknown as Receipt) : null;
}

function isListOf(
  value: unknown,
  isItem: (item: Partial<Record<string, unknown>>) => boolean,
): boolean {
  return Array.isArray(value) && value.every((item) => isNamed(item) && isItem(item));
}

function isOptional(value: unknown, isRight: (value: unknown) => boolean): boolean {
  return value === undefined || value === null || isRight(value);
}

function isTexts(...values: unknown[]): boolean {
  return values.every((value) => typeof value === 'string');
}
