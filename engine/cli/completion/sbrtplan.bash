# Completion of sbrtplan for bash. Verbs and options are asked from the program itself, so they are never out of date.
_sbrtplan_verbs() {
  sed -n '/^Subcommands:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p'
}
_sbrtplan() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} program=${COMP_WORDS[0]} word subverbs=
  local -a typed=() verb=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) typed+=("$word") ;; esac
  done
  if [[ ${#typed[@]} -gt 0 ]]; then
    verb=("${typed[0]}")
    subverbs=$("$program" "${verb[@]}" --help 2>/dev/null | _sbrtplan_verbs)
    [[ ${#typed[@]} -gt 1 && $'\n'"$subverbs"$'\n' == *$'\n'"${typed[1]}"$'\n'* ]] && verb+=("${typed[1]}")
  fi
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$("$program" "${verb[@]}" --help 2>/dev/null | grep -oE -- '--[a-z][a-z0-9-]+' | sort -u)" -- "$current")
  elif [[ ${#verb[@]} -eq 0 ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$("$program" --help 2>/dev/null | _sbrtplan_verbs)" -- "$current")
  elif [[ -n $subverbs && ${#verb[@]} -eq 1 ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$subverbs" -- "$current")
  elif [[ ${verb[0]} == phantom && $previous == phantom ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$("$program" phantom --list 2>/dev/null | sed -n 's/^ *\([a-z][a-z-]*\).*/\1/p')" -- "$current")
  else
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -F _sbrtplan sbrtplan
