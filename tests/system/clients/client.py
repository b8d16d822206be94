#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Speaks varlink to api.sock with a plain socket: client.py SOCKET METHOD [JSON]. An error is exit 1."""
import json
import socket
import sys

path, method, parameters = sys.argv[1], sys.argv[2], json.loads(sys.argv[3] if len(sys.argv) > 3 else "{}")
if "." not in method:  # "Status", or a name in full
    method = "org.grantd.Access." + method
with socket.socket(socket.AF_UNIX) as s:
    s.settimeout(10)
    s.connect(path)
    s.sendall(json.dumps({"method": method, "parameters": parameters}).encode() + b"\0")
    answer = b""
    while b"\0" not in answer:
        piece = s.recv(65536)
        if not piece:
            sys.exit("grantd closed the connection")
        answer += piece
reply = json.loads(answer.split(b"\0", 1)[0])
print(json.dumps(reply))
sys.exit("error" in reply)
