# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Being inside, and being put out: alice's sessions by ssh and psql, opened by the user `laptop`, so that nothing of
# hers runs outside. For tests on a stage or in a container; must never run anywhere else.
# shellcheck disable=SC2154,SC2034

gone=$stage_repo/tests/support/gone
where=${where:-stage}

# People, policy, grantd, reaper and sshd: started by hand on a stage; in a container as installed, by their units,
# with logind's session scopes or (`systemd`) without.
inside_setup() {
  if [ "$where" = stage ]; then
    stage_users
    stage_policy
    grantd_start
    sshd_start
  else
    # shellcheck source=tests/support/installed.sh
    source "$stage_repo/tests/support/installed.sh"
    [ "$where" = logind ] || sed -i '/pam_systemd/d' /etc/pam.d/common-session
    install_programs
    installed_people
    stage_policy
    usermod -aG grantd postgres
    installed_units
    as_in_readme block 'grantctl policy reload' >/dev/null # packages have started grantd before there was one
    installed_ssh_service
  fi
  inside_people
  inside_stretch
}
inside_stretch() {
  # A busy machine takes longer to get in: windows of seconds are stretched by what a login takes now.
  local began=${EPOCHREALTIME/[.,]/}
  grantctl grant alice orders-db --for 10m >/dev/null
  enter true
  enter true
  stretch=$((1 + (${EPOCHREALTIME/[.,]/} - began) / 1500000))
}
inside_people() {
  useradd --create-home --shell /bin/bash laptop
  install -d -m 700 -o laptop -g laptop /home/laptop/.ssh /run/mux
  install -d -m 700 -o alice -g alice /home/alice/.ssh
  as laptop ssh-keygen -q -t ed25519 -N '' -f /home/laptop/.ssh/id_ed25519
  install -m 600 -o alice -g alice /home/laptop/.ssh/id_ed25519.pub /home/alice/.ssh/authorized_keys
  head -c 64000000 /dev/zero >/run/big
  chmod 644 /run/big
  echo_port=$(stage_free_port)
  socat "TCP-LISTEN:$echo_port,bind=127.0.0.1,fork,reuseaddr" EXEC:cat &
  disown
  cat >/home/laptop/.ssh/config <<CONF
Host *
  Port $ssh_port
  BatchMode yes
  IdentitiesOnly yes
  StrictHostKeyChecking yes
  ConnectTimeout 20
CONF
}

# Before each case: nobody is inside, no window and no lock is left, no client runs. (Our own process namespace.)
before_case() {
  local locked
  for locked in --all alice orders-db; do grantctl unlock "$locked" >/dev/null 2>&1 || true; done
  grantctl revoke --person alice --reason 'between two cases' >/dev/null 2>&1 || true
  pkill -KILL -U laptop || true # a backend without its client ends by itself
  if [ "$where" = logind ]; then # or it would not know of it, and start nothing for her
    loginctl disable-linger alice
    loginctl terminate-user alice 2>/dev/null || true
    stage_wait 5 bash -c '! pgrep -U alice' 2>/dev/null || true
  fi
  pkill -KILL -U alice || true
  pkill -TERM -f '^postgres: alice ' || true
  stage_wait 10 bash -c '! pgrep -U laptop && ! pgrep -U alice && ! pgrep -f "^(sshd|postgres): alice"'
  rm -f /tmp/big /home/laptop/big /run/keys /run/mux/*
  : >/run/client.out
  : >/run/psql.out
  exec </dev/null
}

give_back() { as alice grantctl give-back; }
# After each case, where there is a cluster: no end of a session ever restarted it.
after_case() {
  [ -f "$pg_data/log" ] || return 0
  cp "$pg_data/log" /run/case.out
  unsaid 'terminating any other active server processes|all server processes terminated|was terminated by signal|PANIC'
  [ "$(grep -c 'database system is ready to accept connections' "$pg_data/log")" = 1 ] || { show 'the cluster was started again'; return 1; }
}

window() { # FOR [PERSON [RESOURCE]]: a grant (for alice, orders-db); its id is in $grant, its end in $window_end
  local made for=$1
  [[ $for != *s ]] || for=$((${for%s} * ${stretch:-1}))s
  made=$(grantctl grant "${2:-alice}" "${3:-orders-db}" --for "$for" -o json)
  grant=$(grep -oE '"id": *"[^"]+"' <<<"$made" | head -n 1 | cut -d'"' -f4)
  window_end=$(grep -oE '"not_after": *"[^"]+"' <<<"$made" | head -n 1 | cut -d'"' -f4)
  [ -n "$grant" ] && [ -n "$window_end" ]
}
until_left() { # SECONDS before the end of the window
  python3 -c 'import datetime, sys, time
time.sleep(max(0, datetime.datetime.fromisoformat(sys.argv[1].replace("Z", "+00:00")).timestamp() - time.time() - float(sys.argv[2])))' "$window_end" "$1"
}
typing() { rm -f /run/keys; mkfifo /run/keys; exec 9<>/run/keys; }
keys() { echo "$*" >&9; }
client() { # ssh arguments; in the background, what it says is in /run/client.out
  exec_as laptop ssh alice@127.0.0.1 "$@" <&0 >/run/client.out 2>&1 &
}
enter() { as laptop ssh alice@127.0.0.1 "$@"; }
query() { exec_as laptop psql -X -h /run/postgresql -U alice -d orders "$@" <&0 >/run/psql.out 2>&1 & } # in the background
over() { as laptop ssh -o ControlMaster=no -S /run/mux/s "$@"; }
is_inside() { stage_wait 10 pgrep -U alice -f -- "$1" || { cat /run/client.out >&2; return 1; }; }

# What counts as inside: processes of alice's, sshd's of her sessions, and PostgreSQL's backends for her.
watch() { "$gone" --user alice --title 'sshd: alice' --title 'postgres: alice ' "$@"; }
put_out() { watch --client laptop --end "$window_end"; }
put_out_alone() { watch --end "$window_end"; } # the client has left before, or notices nothing
put_out_by() { watch --client laptop -- "$@"; }
put_out_alone_by() { watch -- "$@"; }
stays() { watch --client laptop --stay --limit $(($1 * ${stretch:-1})) -- true; } # MS

# An echo server outside, through a forward.
speaks() { [ "$(timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$1; echo word >&3; head -n 1 <&3" 2>/dev/null)" = word ]; }
connect_through() { exec 8<>"/dev/tcp/127.0.0.1/$1"; echo word >&8; [ "$(timeout 5 head -n 1 <&8)" = word ]; }
hung_up() { [ -z "$(timeout 5 cat <&8)" ]; }

# 200 processes, each of which becomes its own child every half a second: there are never fewer.
# shellcheck disable=SC2016
storm='exec perl -e '\''$SIG{HUP}=$SIG{TERM}="IGNORE"; $SIG{CHLD}="IGNORE"; for (2..200) { last unless fork } while (1) { select undef,undef,undef,0.5; exit if fork }'\'
storming() { [ "$(pgrep -c -U alice -x perl)" -ge 200 ]; }
