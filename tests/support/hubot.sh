# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What hubot/ needs of npm, as its package-lock says and nothing newer. Leaves the sources alone but for
# hubot/node_modules, which git does not see.

hubot_packages() { # REPO: afterwards REPO/hubot/node_modules is what the lock says
  local dir=$1/hubot stamp
  command -v npm >/dev/null || { echo "hubot: npm is missing: apt-get install npm" >&2; return 1; }
  (
    flock 9
    stamp=$(sha256sum "$dir/package.json" "$dir/package-lock.json" | sha256sum)
    [ "$(cat "$dir/node_modules/.stamp" 2>/dev/null)" = "$stamp" ] && exit 0
    (cd "$dir" && npm ci --ignore-scripts --no-progress >/dev/null) && echo "$stamp" >"$dir/node_modules/.stamp"
  ) 9>"$dir/.npm.lock"
}
