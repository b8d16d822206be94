# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A stage: a whole Debian of our own to play on. Private mount and PID namespaces; the root is an overlay of this
# machine's whose upper half is memory, /run and /tmp are empty. Users, PAM files and servers made on it are gone
# with it, and so is the cgroup it lives in; the machine is never touched.
#   source tests/support/stage.sh; stage_enter "$0" "$@"; ... from here on you are root on the stage ...

stage_repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${GRANTD_BUILD:-$stage_repo/build/main}
guests=${GRANTD_GUESTS:-$build} # sshd and postgres do not start with a sanitized module in them
# shellcheck source=tests/support/hold.sh
source "$stage_repo/tests/support/hold.sh"

stage_enter() { # SCRIPT ARGS...: runs the script again, on the stage
  [ -z "${GRANTD_ON_STAGE:-}" ] || return 0
  [ "$(id -u)" = 0 ] || { echo "this needs root (for private namespaces; nothing of the machine is changed)" >&2; exit 2; }
  local rc=0
  hold_mount "$@"
  hold unshare --cgroup --mount --pid --fork --kill-child=SIGKILL --propagation private \
    bash "$stage_repo/tests/support/stage-init" "$stage_repo" "$(readlink -f "$1")" "${@:2}" || rc=$?
  exit "$rc"
}

stage_free_port() {
  python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])' 2>/dev/null ||
    perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr=>"127.0.0.1",Listen=>1)->sockport'
}

stage_wait() { # SECONDS COMMAND...: until it succeeds
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || { echo "stage: gave up waiting for: $*" >&2; return 1; }
    sleep 0.05
  done
}

# The people of the story: alice and bob ask, carol may grant. Passwords are their names.
stage_users() {
  local u
  groupadd --system grantd
  useradd --system --gid grantd --home-dir /var/lib/grantd --shell /usr/sbin/nologin grantd
  useradd --system --user-group --create-home --home-dir /var/lib/ask --shell /bin/sh ask
  for u in alice bob carol; do
    useradd --create-home --shell /bin/bash "$u"
    echo "$u:$u" | chpasswd
  done
  usermod -aG grantd postgres
  install -d -m 755 -o grantd -g grantd /run/grantd
  install -d -m 700 -o grantd -g grantd /var/lib/grantd
  install -d -m 755 /etc/grantd
  ln -sf "$build/grantd/cli/grantctl" /usr/local/bin/grantctl
}

stage_policy() { # the default one, or standard input with "-"
  if [ "${1:-}" = - ]; then cat >/etc/grantd/policy.toml; return; fi
  cat >/etc/grantd/policy.toml <<'TOML'
[person.alice]
email = "alice@example.com"
os = "alice"
pg = "alice"

[person.bob]
email = "bob@example.com"
os = "bob"
pg = "bob"

[person.carol]
email = "carol@example.com"
os = "carol"
rights = ["grant"]

[resource.orders-db]
description = "the orders database and its host"
login_points = ["pg:main/orders", "pam:sshd"]
pam_access = "full"
default = "1h"
max = "8h"
TOML
}

as() { (exec_as "$@"); } # USER COMMAND...: as that user, in a clean environment
exec_as() {
  local user=$1
  shift
  exec env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/lib/postgresql/15/bin HOME="$(getent passwd "$user" | cut -d: -f6)" \
    LANG=C.UTF-8 TERM="${TERM:-dumb}" ${NO_COLOR:+NO_COLOR=1} \
    setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups -- "$@"
}

# alice may ask for orders-db, which bob approves with his key; carol has the right to grant. Needs ssh_keys.
stage_policy_with_rules() {
  stage_policy
  cat >>/etc/grantd/policy.toml - <<TOML

[rule.orders]
who = "alice"
resource = "orders-db"
max = "4h"
reason = "OPS-[0-9]+"
approvals = { count = 1, by = "bob" }
TOML
  local who
  for who in alice bob carol; do
    sed -i "s|^os = \"$who\"|&\nkeys = [\"$(cut -d' ' -f1,2 "/home/$who/.ssh/id_ed25519.pub")\"]|" /etc/grantd/policy.toml
  done
}

# --- grantd -----------------------------------------------------------------------------------------------------
grantd_start() { # [WRAPPER...]
  exec_as grantd "$@" "$build/grantd/daemon/grantd" >>/run/grantd.log 2>&1 &
  echo $! >/run/grantd.pid
  disown
  stage_wait 20 grantctl status
}
grantd_stop() { # [SIGNAL]
  grantd_signal "${1:-TERM}"
  stage_wait 20 grantd_gone
}
grantd_signal() { kill "-$1" "$(cat /run/grantd.pid)"; }
grantd_gone() { [[ "$(ps -o stat= -p "$(cat /run/grantd.pid)")" =~ ^(Z.*)?$ ]]; }

# What service::harden() takes from a process of ours; of root's own nobody else could tell that it is not dumpable.
gave_up() { # PID
  local status=/proc/$1/status
  grep -qx 'NoNewPrivs:.1' "$status" && grep -qx 'Umask:.0077' "$status" &&
    [ "$(stat -c %U "/proc/$1/environ")" = root ] &&
    ((0x$(awk '$1 == "SigIgn:" { print $2 }' "$status") & 0x1000)) # SIGPIPE
}

# --- the reaper: every session that PAM opens registers with it ------------------------------------------------------
reaper_start() { # [WRAPPER...]
  [ -n "$GRANTD_CGROUP" ] || { echo "${0##*/}: skipped: no cgroup v2 that can be written is mounted here"; exit 77; }
  "$@" "$build/grantd/reaper/grantd-reaper" >>/run/reaper.log 2>&1 &
  echo $! >/run/reaper.pid
  disown
  stage_wait 20 reaper_listens
}
reaper_listens() {
  perl -MSocket -e 'socket(S, AF_UNIX, SOCK_SEQPACKET, 0) && connect(S, pack_sockaddr_un("/run/grantd-reaper/session.sock")) or exit 1'
}
reaper_stop() { # [SIGNAL]
  reaper_signal "${1:-TERM}"
  stage_wait 20 reaper_gone
}
reaper_signal() { kill "-$1" "$(cat /run/reaper.pid)"; }
reaper_gone() { [[ "$(ps -o stat= -p "$(cat /run/reaper.pid)")" =~ ^(Z.*)?$ ]]; }

# --- sshd: the real one, on loopback, its PAM stack beginning with the gate ----------------------------------------
sshd_start() { # [extra sshd_config lines...]
  local line
  [ -f /run/reaper.pid ] || reaper_start
  ssh_port=$(stage_free_port)
  mkdir -p /run/sshd
  [ -f /run/ssh_host_key ] || ssh-keygen -q -t ed25519 -N '' -f /run/ssh_host_key
  cat >/etc/pam.d/sshd <<PAM
account  required  $guests/pam_module/pam_grantd.so exempt_user=root service_user=ask ${pam_grantd_options:-}
auth     required  pam_unix.so
account  required  pam_unix.so
session  required  pam_unix.so
session  required  $guests/pam_module/pam_grantd.so exempt_user=root service_user=ask ${pam_grantd_options:-}
PAM
  cat >/etc/ssh/sshd_config <<CONF
Port $ssh_port
ListenAddress 127.0.0.1
HostKey /run/ssh_host_key
PidFile /run/sshd.pid
UsePAM yes
PasswordAuthentication yes
KbdInteractiveAuthentication yes
PubkeyAuthentication yes
PermitRootLogin prohibit-password
StrictModes no
MaxStartups 100
Subsystem sftp internal-sftp
CONF
  for line in "$@"; do echo "$line" >>/etc/ssh/sshd_config; done
  echo "[127.0.0.1]:$ssh_port $(cut -d' ' -f1,2 /run/ssh_host_key.pub)" >/etc/ssh/ssh_known_hosts
  /usr/sbin/sshd -D -E /run/sshd.log &
  sshd_pid=$!
  stage_wait 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$ssh_port"
}
sshd_stop() { kill "$sshd_pid" 2>/dev/null || true; wait "$sshd_pid" 2>/dev/null || true; }

# Keys for alice and bob; afterwards `ssh_as alice` logs in as alice with her key.
ssh_keys() {
  local u
  for u in alice bob carol; do
    install -d -m 700 -o "$u" -g "$u" "/home/$u/.ssh"
    [ -f "/home/$u/.ssh/id_ed25519" ] || as "$u" ssh-keygen -q -t ed25519 -N '' -f "/home/$u/.ssh/id_ed25519"
    cp "/home/$u/.ssh/id_ed25519.pub" "/home/$u/.ssh/authorized_keys"
    cat >"/home/$u/.ssh/config" <<CONF
Host *
  Port $ssh_port
  StrictHostKeyChecking yes
  ConnectTimeout 20
CONF
    chown -R "$u:$u" "/home/$u/.ssh"
  done
}
ssh_as() { # USER [ssh arguments after the host...]
  local user=$1
  shift
  as "$user" ssh -o PreferredAuthentications=publickey "$user@127.0.0.1" "$@"
}

# --- PostgreSQL: a real cluster with the hook ---------------------------------------------------------------------
pg_data=/var/lib/postgresql/stage
pg_start() { # hba lines on standard input; extra settings as arguments
  local bin=/usr/lib/postgresql/15/bin line
  if [ ! -d "$pg_data" ]; then
    install -d -m 700 -o postgres -g postgres "$pg_data"
    install -d -m 2775 -o postgres -g postgres /run/postgresql
    as postgres "$bin/initdb" -D "$pg_data" -A trust -E UTF8 --locale=C.UTF-8 >/run/initdb.log
    cat >>"$pg_data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '/run/postgresql'
shared_preload_libraries = '${pg_library:-$(find "$guests/pg_hook" -path '*15*' -name pg_grantd.so)}'
grantd.cluster = 'main'
log_connections = off
fsync = off
CONF
  fi
  for line in "$@"; do echo "$line" >>"$pg_data/postgresql.conf"; done
  cat >"$pg_data/pg_hba.conf"
  as postgres "$bin/pg_ctl" -D "$pg_data" -l "$pg_data/log" -w start >/run/pg_ctl.log || { cat "$pg_data/log" >&2; return 1; }
}
pg_stop() { as postgres /usr/lib/postgresql/15/bin/pg_ctl -D "$pg_data" -m immediate stop >/dev/null 2>&1 || true; }
psql_as() { # USER DATABASE [psql arguments]
  local user=$1 database=$2
  shift 2
  as "$user" psql -X -h /run/postgresql -U "$user" -d "$database" "$@"
}
