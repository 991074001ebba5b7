import type { Completed, Words } from './cases.js';

/** For fish. */
export function fishCompletion(completed: readonly Completed[]): string {
  const steps = completed.flatMap(({ at, commands }) =>
    commands.map(({ name }) => [`${at} ${name}`, `${at} ${name}`.trim()] as const),
  );
  return `# beamline for fish: beamline completion fish > ~/.config/fish/completions/beamline.fish
function __beamline_at
    set -l words (commandline -opc)
    set -l at ''
    for word in $words[2..]
        switch "$at $word"
${steps.map(([words, at]) => `            case ${quoted(words)}\n                set at ${quoted(at)}`).join('\n')}
        end
    end
    test "$at" = "$argv[1]"
end
complete -c beamline -f
${completed.flatMap(lines).join('\n')}`;
}

function lines({ at, commands, options, argument }: Completed): string[] {
  const start = `complete -c beamline -n ${quoted(`__beamline_at ${quoted(at)}`)}`;
  return [
    ...commands.map(
      ({ name, description }) => `${start} -a ${quoted(name)} -d ${quoted(description)}`,
    ),
    ...(commands.length > 0 || argument === 'unknown' ? [] : [`${start} ${value(argument)}`]),
    ...options.map((option) => {
      const takes = option.value === null ? '' : ` -r ${value(option.value)}`;
      const flag = option.flag.replace(/^--/, '');
      return `${start} -l ${flag}${takes} -d ${quoted(option.description)}`;
    }),
  ];
}

function value(words: Words): string {
  if (words === 'files') return '-F';
  return words === 'unknown' ? '-f' : `-f -a ${quoted(words.join(' '))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
