#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# For each command line on stdin, a line of what bash offers at its end, sorted. Words are split at blanks.
# usage: complete_in.bash DIRECTORY_OF_COMPLETIONS
set -u
# shellcheck source=/dev/null
source "$1/grantctl.bash"
function=$(complete -p grantctl | sed -n 's/.* -F \([^ ]*\) .*/\1/p')
while IFS= read -r line; do
  read -ra COMP_WORDS <<<"$line"
  [[ $line != *' ' ]] || COMP_WORDS+=('')
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  "$function" grantctl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
  printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | paste -sd' '
done
