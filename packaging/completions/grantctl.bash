# SPDX-License-Identifier: Apache-2.0
# Completes grantctl in bash. Names come from grantd itself, which shows each caller only what they may see.
# shellcheck shell=bash

# The values of one key in a listing: _grantctl_names resources resources name
_grantctl_names() {
  "${_grantctl_program[@]}" -o json "$1" 2>/dev/null </dev/null |
    grep -oE "\"$2\":\"[A-Za-z0-9._-]+\"" | cut -d'"' -f4
}

_grantctl() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  local command='' places=0 i words=''
  local -a _grantctl_program=("${COMP_WORDS[0]}")
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --socket | --host)
        _grantctl_program+=("${COMP_WORDS[i]}" "${COMP_WORDS[i + 1]}")
        ((++i))
        ;;
      --for | --until | --from | --reason | --person | --resource | --limit | --after | --ask-user | -o | --output) ((++i)) ;;
      -*) ;;
      *) if [ -z "$command" ]; then command=${COMP_WORDS[i]}; else ((++places)); fi ;;
    esac
  done
  # Asking over ssh could ask for a passphrase in the middle of a line.
  [[ " ${_grantctl_program[*]} " == *" --host "* || -n ${GRANTD_HOST:-} ]] && _grantctl_program=(false)

  case $prev in
    --socket)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    -o | --output) words='table json' ;;
    --for) words='30m 1h 2h 4h 8h' ;;
    --person) words=$(_grantctl_names people name) ;;
    --resource) words=$(_grantctl_names resources name) ;;
    --host | --until | --from | --reason | --message | --limit | --after | --ask-user) return ;;
    *)
      case $command:$cur in
        grant:-*) words='--for --until --from --reason' ;;
        request:-*) words='--for --reason' ;;
        revoke:-*) words='--person --resource --reason' ;;
        lock:-*) words='--person --resource --all --for --message' ;;
        unlock:-*) words='--person --resource --all' ;;
        list:-*) words='--person --resource --all --limit' ;;
        sessions:-*) words='--person --limit' ;;
        audit:-*) words='--after --limit' ;;
        call:-*) words='--more' ;;
        stdio:-*) words='--person' ;;
        keys:-*) words='--ask-user' ;;
        :-*) words='--version' ;;
        :*) words='status request grant revoke give-back lock unlock locks list sessions show explain resources people watch
          audit clock store call stdio keys' ;;
        grant:* | explain:*)
          case $places in
            0) words=$(_grantctl_names people name) ;;
            1) words=$(_grantctl_names resources name) ;;
          esac
          [ "$command$places" = explain0 ] && words+=" $(_grantctl_names resources name)"
          ;;
        lock:* | unlock:*)
          if [ "$places" = 0 ]; then
            words="$(_grantctl_names people name) $(_grantctl_names resources name)"
            [ "$command" = unlock ] && words+=" $(_grantctl_names locks id)"
          fi
          ;;
        request:*) [ "$places" -gt 0 ] || words=$(_grantctl_names resources name) ;;
        revoke:* | give-back:* | show:*) [ "$places" -gt 0 ] || words=$(_grantctl_names list id) ;;
        clock:*) words='accept' ;;
        store:*) words='unlock' ;;
        call:*)
          [ "$places" -gt 0 ] || words='Grant Revoke GiveBack Lock Unlock Locks List Sessions Show Status Explain Resources People Check Clock
            AcceptClock Store UnlockStore Audit Keys Watch org.varlink.service.GetInfo
            org.varlink.service.GetInterfaceDescription'
          ;;
      esac
      [[ $cur == -* ]] && words+=' --socket --host --output --help'
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _grantctl grantctl
