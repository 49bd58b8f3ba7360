# Completion of sbrtplan for bash. Verbs and options are asked from the program itself, so they are never out of date.
_sbrtplan() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} program=${COMP_WORDS[0]} verb= word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) verb=$word; break ;; esac
  done
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$("$program" $verb --help 2>/dev/null | grep -oE -- '--[a-z][a-z0-9-]+' | sort -u)" -- "$current")
  elif [[ -z $verb ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$("$program" --help 2>/dev/null | sed -n '/^Subcommands:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p')" -- "$current")
  elif [[ $verb == phantom && $previous == phantom ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$("$program" phantom --list 2>/dev/null | sed -n 's/^ *\([a-z][a-z-]*\).*/\1/p')" -- "$current")
  else
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -F _sbrtplan sbrtplan
