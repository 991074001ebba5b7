/** Keeps the last lines of what a child says, for an error. */
export class LastLines {
  readonly lines: string[] = [];

  constructor(private readonly most: number) {}

  keep(line: string): void {
    this.lines.push(line);
    if (this.lines.length > this.most) this.lines.shift();
  }
}
