/** At most `longest` characters: the end of a long text says what was raised; the beginning, where. */
export function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const head = Math.floor(longest / 3);
  return `${text.slice(0, head)} … ${text.slice(text.length - (longest - head - 3))}`;
}
