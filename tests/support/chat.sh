# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A chat on the stage: a real Hubot with the script as npm installs it, and people who talk to it. Source it before
# stage_enter, which it needs nothing of; the packages are fetched outside of the stage.
# shellcheck source=tests/support/hubot.sh
source "$stage_repo/tests/support/hubot.sh"
[ -n "${GRANTD_ON_STAGE:-}" ] || hubot_packages "$stage_repo"

# --- the bot: its own user, its own directory, as npm would leave it ----------------------------------------------
bot_install() {
  useradd --create-home hubot
  install -d -o hubot /run/bot /run/bot/scripts /run/bot/node_modules /run/bot/node_modules/hubot-grantd
  cp -r "$stage_repo"/hubot/node_modules/. /run/bot/node_modules/
  cp -r "$stage_repo"/hubot/{index.mjs,src,package.json} /run/bot/node_modules/hubot-grantd/
  cp "$stage_repo/tests/system/chat_room/room.mjs" /run/bot/
  echo '["hubot-grantd"]' >/run/bot/external-scripts.json
  mkfifo /run/bot/heard
  : >/run/bot/said
  chown hubot /run/bot/{heard,said}
}
bot_start() { # [NAME=value...]
  rm -f /run/bot/ready
  (cd /run/bot && exec_as hubot env CHAT_ROOM=/run/bot HUBOT_HTTPD=false HUBOT_LOG_LEVEL=warn \
    HUBOT_GRANTD_CHANNELS='orders-db=#dba,*=#access' "$@" \
    node node_modules/hubot/bin/hubot -f /run/bot/room.mjs -n hubot) >>/run/bot.log 2>&1 &
  echo $! >/run/bot.pid
  disown
  stage_wait 20 test -e /run/bot/ready -a -s /run/bot/grantd-state.json
}
bot_stop() { # [SIGNAL]
  kill "-${1:-TERM}" "$(cat /run/bot.pid)" 2>/dev/null || true
  stage_wait 10 bot_gone
}
bot_gone() { ! kill -0 "$(cat /run/bot.pid)" 2>/dev/null; }

# WHO ROOM TEXT: somebody says it; what was said in that room since is in /run/case.out
declare -A people=(
  [alice]='"id":"U1","name":"mallory","email_address":"somebody.else@example.org"'
  [bob]='"id":"U2","name":"bob","email_address":"Bob@Example.com"'
  [carol]='"id":"U3","name":"carol","email_address":"carol@example.com"'
  [mallory]='"id":"U9","name":"alice","real_name":"alice","email_address":"mallory@example.com"'
)
says() {
  local who=$1 room=$2 text=$3 before
  before=$(wc -l </run/bot/said)
  printf '{%s,"room":"%s","text":"%s"}\n' "${people[$who]}" "$room" "$text" >/run/bot/heard
  stage_wait 20 answered "$before" "$room" || { tail -n 5 /run/bot.log >&2; return 1; }
  tail -n "+$((before + 1))" /run/bot/said | grep -P "^\Q$room\E\t" >/run/case.out
}
request_id() { grep -oE 'r-[a-z0-9]+' /run/case.out | head -n 1; }
answered() { tail -n "+$(($1 + 1))" /run/bot/said | grep -qP "^\Q$2\E\t"; }
told() { stage_wait "${3:-20}" grep -qP "^\Q$1\E\t.*$2" /run/bot/said || { tail -n 20 /run/bot/said >&2; return 1; }; } # ROOM PATTERN [SECONDS]
times() { grep -cP "^\Q$1\E\t.*$2" /run/bot/said || true; }

bot_key() { # hubot's own ssh key
  install -d -m 700 -o hubot -g hubot /home/hubot/.ssh
  as hubot ssh-keygen -q -t ed25519 -N '' -f /home/hubot/.ssh/id_ed25519
}
# alice (by her chat account), carol (by her address): ask through the relay of README; bob approves. Needs ssh_keys
# and bot_key.
bot_policy() {
  stage_policy - <<TOML
[person.alice]
email = "alice@example.com"
chat = "U1"
os = "alice"
pg = "alice"
[person.bob]
email = "bob@example.com"
os = "bob"
keys = ["$(cut -d' ' -f1,2 /home/bob/.ssh/id_ed25519.pub)"]
[person.carol]
email = "carol@example.com"
os = "carol"
pg = "carol"
[person.dave]
email = "dave@example.com"
os = "dave"
pg = "dave"
[resource.orders-db]
login_points = ["pg:main/orders", "pam:sshd"]
pam_access = "full"
[resource.replica]
description = "a copy to read"
login_points = ["pg:main/replica"]
[resource.payroll]
login_points = ["pg:main/payroll"]
[rule.orders]
who = "*"
resource = "orders-db"
reason = "OPS-[0-9]+"
approvals = { count = 1, by = "bob" }
[rule.self]
who = "*"
resource = ["replica", "payroll"]
approvals = 0
[rule.fire]
who = "alice"
resource = "orders-db"
approvals = 0
break_glass = true
reason = "required"
max = "30m"
notify = "bob"
$("$stage_repo/tests/support/readme.py" block '[relay.chatbot]' |
  sed "s|^# keys = .*|keys = [\"$(cut -d' ' -f1,2 /home/hubot/.ssh/id_ed25519.pub)\"]|")
TOML
}
