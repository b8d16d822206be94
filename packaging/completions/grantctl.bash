# SPDX-License-Identifier: Apache-2.0
# Completes grantctl in bash: grantctl itself says what may come (grantctl complete). What it says is data: it is
# never expanded, and no program but the installed grantctl is run for it.
# shellcheck shell=bash

_grantctl() {
  local current=${COMP_WORDS[COMP_CWORD]} line
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        ;;
      :directories)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        ;;
      *) COMPREPLY+=("${line%%$'\t'*}") ;;
    esac
  done < <(command grantctl complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null </dev/null)
}

complete -F _grantctl grantctl
