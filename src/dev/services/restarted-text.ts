/** What a person sees of a part of the stack that was started again. */
export function restartedText(name: string, how: string): string {
  const runs = name === 'worker' ? '; runs that are open go on' : '';
  return `  ! ${name} ${how}: it was started again${runs}`;
}
