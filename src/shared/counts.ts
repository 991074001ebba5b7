/** `336,776`. */
export function number(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 row`, `336,776 rows`. @param noun takes an `s` where there are several */
export function counted(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}
