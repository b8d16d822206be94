#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Speaks varlink to api.sock with socat alone: socat.sh SOCKET METHOD [JSON]. Prints the answer; an error is exit 1.
set -euo pipefail
socket=$1 method=$2 parameters=${3:-}
[[ $method == *.* ]] || method=org.grantd.Access.$method # "Status", or a name in full
# -t: how long socat waits for the answer after the request is written.
answer=$(printf '{"method":"%s","parameters":%s}\0' "$method" "${parameters:-{\}}" |
  socat -t 10 - "UNIX-CONNECT:$socket" | tr '\0' '\n' | head -n 1)
printf '%s\n' "$answer"
[[ -n $answer && $answer != *'"error":'* ]]
