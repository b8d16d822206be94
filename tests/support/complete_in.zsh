#!/usr/bin/env -S zsh -f
# SPDX-License-Identifier: Apache-2.0
# For each command line on stdin, a line of what zsh offers at its end, sorted: typed into an interactive zsh on a
# terminal of its own, whose compadd also prints what it is given.
# usage: complete_in.zsh DIRECTORY_OF_COMPLETIONS
zmodload zsh/zpty
setup=$(mktemp)
trap 'rm -f $setup' EXIT
cat >$setup <<'ZSH'
PS1= PS2= RPS1=
fpath=($completions $fpath)
autoload -Uz compinit
compinit -u -D
zstyle ':completion:*' completer _marked
_marked() { print -rn -- $'\x01'; _complete; print -rn -- $'\x02' }
compadd() {
  [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]] && { builtin compadd "$@"; return }
  local -a hits
  builtin compadd -A hits "$@"
  print -rn -- "${(pj:\x03:)hits}"$'\x03'
  builtin compadd "$@"
}
bindkey -e
print -rn -- $'\x02'
ZSH
completions=$1 zpty z "completions=${(q)1} zsh -f -i"
zpty -w z "source ${(q)setup}"
zpty -r z answer $'*\x02'
while IFS= read -r line; do
  zpty -w -n z $'\x15'"$line"$'\t'
  zpty -r z answer $'*\x01*\x02'
  answer=${${answer##*$'\x01'}%$'\x02'*}
  print -rl -- "${(@ps:\x03:)answer}" | tr -d '\r' | sed '/^$/d' | LC_ALL=C sort -u | paste -sd' '
done
