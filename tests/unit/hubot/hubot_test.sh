#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tests of hubot/, against Hubot itself as package-lock.json says.
# usage: hubot_test.sh SOURCE_DIRECTORY
set -euo pipefail
# shellcheck source=tests/support/hubot.sh
source "$1/tests/support/hubot.sh"
hubot_packages "$1"
cd "$1/hubot"
exec npm test --silent
