import type { Completed, CompletedOption } from './cases.js';

/** For bash 3.2 or newer. */
export function bashCompletion(completed: readonly Completed[]): string {
  return `# beamline for bash: put  eval "$(beamline completion bash)"  into ~/.bashrc
${chooser(completed)}
_beamline() {
  local cur=\${COMP_WORDS[COMP_CWORD]} choices options
  __beamline_choose "\${COMP_WORDS[@]:1:COMP_CWORD-1}"
  # Bash takes --option=value for three words.
  if [[ $cur == '=' ]]; then cur=; fi
  if [[ $cur == -* ]]; then choices=$options; fi
  if [[ $choices == '<files>' ]]; then
    COMPREPLY=()
    compopt -o default 2>/dev/null
  else
    COMPREPLY=($(compgen -W "$choices" -- "$cur"))
  fi
}
complete -F _beamline beamline`;
}

/** For zsh. */
export function zshCompletion(completed: readonly Completed[]): string {
  return `#compdef beamline
# beamline for zsh: put  eval "$(beamline completion zsh)"  into ~/.zshrc, after compinit
${chooser(completed)}
_beamline() {
  local choices options
  local -a before=("\${(@)words[2,CURRENT-1]}")
  if [[ $PREFIX == --*=* ]]; then
    before+=("\${PREFIX%%=*}")
    compset -P '*='
  fi
  __beamline_choose "\${before[@]}"
  if [[ $PREFIX == -* ]]; then choices=$options; fi
  if [[ $choices == '<files>' ]]; then _files; else compadd -- \${=choices}; fi
}
if [[ $funcstack[1] == _beamline ]]; then _beamline "$@"; else compdef _beamline beamline; fi`;
}

/** A function of both shells that says what may follow the words that it is given. */
function chooser(completed: readonly Completed[]): string {
  return `__beamline_choose() {
  local at= value= word
  for word in "$@"; do
    if [[ $value ]]; then
      if [[ $word != '=' ]]; then value=; fi
      continue
    fi
    case "$at:$word" in
${completed.flatMap(steps).join('\n')}
    esac
  done
  choices= options=
  case "$at:$value" in
${completed.flatMap(answers).join('\n')}
  esac
}`;
}

/** How far a word leads: to a command, or into the value of an option. */
function steps({ at, commands, options }: Completed): string[] {
  const takers = options.filter(({ value }) => value !== null);
  const flags = takers.map(({ flag }) => `'${at}:${flag}'`);
  return [
    ...commands.map(({ name }) => `      '${at}:${name}') at='${`${at} ${name}`.trim()}' ;;`),
    ...(flags.length === 0 ? [] : [`      ${flags.join(' | ')}) value=$word ;;`]),
  ];
}

function answers({ at, commands, options, argument }: Completed): string[] {
  const choices = commands.length > 0 ? commands.map(({ name }) => name).join(' ') : text(argument);
  const flags = options.map(({ flag }) => flag).join(' ');
  const values = options.filter(({ value }) => value !== null && text(value) !== '');
  return [
    `    '${at}:') choices='${choices}' options='${flags}' ;;`,
    ...values.map(({ flag, value }) => `    '${at}:${flag}') choices='${text(value)}' ;;`),
  ];
}

function text(words: CompletedOption['value']): string {
  if (words === 'files') return '<files>';
  return words === 'unknown' || words === null ? '' : words.join(' ');
}
