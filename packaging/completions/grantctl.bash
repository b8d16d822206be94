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
      --for | --until | --from | --at | --since | --reason | --message | --note | --person | --resource | --role | --event | \
        --limit | --after | --ask-user | --key | --signature | --checkpoint | --format | --to | --run | -o | --output) ((++i)) ;;
      -*) ;;
      *)
        case $command:${COMP_WORDS[i]} in
          :*) command=${COMP_WORDS[i]} ;;
          audit:verify | audit:checkpoint | audit:export | audit:approval | policy:test | policy:reload)
            command+=" ${COMP_WORDS[i]}"
            ;;
          *) ((++places)) ;;
        esac
        ;;
    esac
  done
  # Asking over ssh could ask for a passphrase in the middle of a line.
  [[ " ${_grantctl_program[*]} " == *" --host "* || -n ${GRANTD_HOST:-} ]] && _grantctl_program=(false)

  case $prev in
    --socket | --key | --signature | --checkpoint | --to)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    --from)
      [ "$command" = 'audit verify' ] && mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    -o | --output) words='table json' ;;
    --for) words='30m 1h 2h 4h 8h' ;;
    --person) words=$(_grantctl_names people name) ;;
    --resource) words=$(_grantctl_names resources name) ;;
    --format) words='ecs json chain' ;;
    --event) words='request approve deny cancel lapse granted grant revoke give-back expire review shorten lock lock-end session
      session-end leftover member member-end member-leftover member-found denied policy start stop checkpoint' ;;
    --host | --until | --at | --since | --reason | --message | --note | --role | --limit | --after | --ask-user | --run) return ;;
    *)
      case $command:$cur in
        grant:-*) words='--for --until --from --reason' ;;
        request:-*) words='--for --reason --role --read-write --at --break-glass --wait' ;;
        extend:-*) words='--for --reason --wait' ;;
        requests:-*) words='--to-approve --person --resource --all --limit' ;;
        approve:-*) words='--for --key --signature --yes --forwarded-agent' ;;
        deny:-*) words='--reason' ;;
        review:-*) words='--note' ;;
        show:-*) words='--bytes' ;;
        watch:-*) words='--run' ;;
        'policy reload':-*) words='--dry-run' ;;
        revoke:-*) words='--person --resource --reason' ;;
        lock:-*) words='--person --resource --all --for --message' ;;
        unlock:-*) words='--person --resource --all' ;;
        list:-*) words='--person --resource --all --limit' ;;
        sessions:-*) words='--person --limit' ;;
        audit:-*) words='--since --person --event --after --limit' ;;
        'audit verify':-*) words='--checkpoint --key --from' ;;
        'audit export':-*) words='--format --since --after' ;;
        'audit approval':-*) words='--to' ;;
        call:-*) words='--more' ;;
        stdio:-*) words='--person' ;;
        keys:-*) words='--ask-user --allowed-signers' ;;
        :-*) words='--version' ;;
        :*) words='status request extend requests show cancel give-back approve deny review explain resources list sessions
          people watch grant revoke lock unlock locks policy audit clock store call stdio keys' ;;
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
        revoke:* | give-back:* | extend:* | review:*) [ "$places" -gt 0 ] || words=$(_grantctl_names list id) ;;
        approve:* | deny:* | cancel:* | 'audit approval':*) [ "$places" -gt 0 ] || words=$(_grantctl_names requests id) ;;
        show:*) [ "$places" -gt 0 ] || words="$(_grantctl_names list id) $(_grantctl_names requests id)" ;;
        audit:*) [ "$places" -gt 0 ] || words='verify checkpoint export approval' ;;
        policy:*) [ "$places" -gt 0 ] || words='test reload' ;;
        'policy test':*)
          compopt -o filenames 2>/dev/null
          mapfile -t COMPREPLY < <(compgen -f -- "$cur")
          return
          ;;
        clock:*) words='accept' ;;
        store:*) words='unlock' ;;
        call:*)
          [ "$places" -gt 0 ] || words='Request Approve Deny Cancel Requests ShowRequest ApprovalText Review ReloadPolicy AuditChain Checkpoint
            Grant Revoke GiveBack Lock Unlock Locks List Sessions Show Status Explain Resources People Check Clock
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
