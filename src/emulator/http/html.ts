/** Text that is HTML already. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | null | undefined | readonly Part[];

/** HTML of a template: every value is escaped unless it is {@link Html} itself. */
export function html(strings: TemplateStringsArray, ...values: Part[]): Html {
  return new Html(strings.map((string, index) => string + textOf(values[index] ?? '')).join(''));
}

function textOf(part: Part): string {
  if (part instanceof Html) return part.text;
  if (part === null || part === undefined) return '';
  if (typeof part === 'object') return part.map((one) => textOf(one)).join('');
  return String(part).replaceAll(/[&<>"']/g, (character) => escapes[character] ?? character);
}

const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const style = new Html(`
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --muted: #777; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem 1.5rem 4rem; }
header { display: flex; gap: 1rem; align-items: baseline; border-bottom: 1px solid var(--line); }
header a { color: inherit; text-decoration: none; font-weight: 600; padding: .5rem 0; }
header small, .muted { color: var(--muted); }
h1 { font-size: 1.35rem; margin: 1.2rem 0 .2rem; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 1.8rem 0 .4rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 500; color: var(--muted); white-space: nowrap; }
th, td { padding: .3rem 1rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td { overflow-wrap: anywhere; }
td.number, th.number { text-align: right; }
.narrow { width: auto; } .narrow th { min-width: 9rem; }
code, pre { font: 13px/1.5 ui-monospace, monospace; }
pre { background: var(--soft); padding: .7rem .9rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; border-radius: 6px; margin: 0; }
td pre { background: none; padding: 0; }
.state { display: inline-block; padding: 0 .55rem; border-radius: 1rem; font-size: .85rem; color: #fff; background: #5f6368; white-space: nowrap; }
.DONE, .DRAINED { background: #188038; } .FAILED { background: #c5221f; } .RUNNING { background: #1967d2; }
.CANCELLED, .CANCELLING, .DRAINING { background: #a35200; }
.ERROR { color: #d93025; } .WARNING { color: #c26401; }
time { white-space: nowrap; }
`);

/** A whole page, which asks for itself again after `refreshSeconds`. */
export function page(title: string, refreshSeconds: number | null, body: Html): string {
  const refresh =
    refreshSeconds === null ? '' : html`<meta http-equiv="refresh" content="${refreshSeconds}" />`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        ${refresh}
        <title>${title}</title>
        <style>
          ${style}
        </style>
      </head>
      <body>
        <header>
          <a href="/">Dataflow emulator</a>
          <small>${refreshSeconds === null ? '' : `refreshes every ${refreshSeconds} s`}</small>
        </header>
        ${body}
      </body>
    </html>`.text;
}
