#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every ECS line is one JSON object with values that ECS allows (elastic.co, ECS 8.11, "Event categorization")."""
import json
import re
import subprocess
import sys

CATEGORY_TYPES = {  # category: its expected types
    "authentication": {"start", "end", "info"},
    "iam": {"admin", "change", "creation", "deletion", "group", "info", "user"},
}
IAM_WHO = {"admin", "group", "user"}
IAM_WHAT = {"change", "creation", "deletion", "info"}
LOGINS = {"session", "session-end", "denied", "would-deny", "break-glass"}


def no_repeats(pairs):
    assert len({k for k, _ in pairs}) == len(pairs), f"a key twice: {pairs}"
    return dict(pairs)


out = subprocess.run([sys.argv[1]], stdout=subprocess.PIPE, check=True).stdout
assert out.endswith(b"\n")
raw = out[:-1].split(b"\n")
lines = [json.loads(line.decode("utf-8"), object_pairs_hook=no_repeats) for line in raw]
for text, line in zip(raw, lines):
    shown = text.decode("utf-8")
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", shown), shown
    assert len(shown.splitlines()) == 1, shown
    event = line["event"]
    assert event["kind"] == "event" and line["ecs"]["version"] == "8.11" and line["service"]["type"] == "grantd"
    assert line["host"]["name"] == "db1.example.org"
    (category,) = event["category"]
    assert set(event["type"]) <= CATEGORY_TYPES[category], event
    assert (category == "authentication") == (event["action"] in LOGINS), event
    if category == "iam":
        assert len(set(event["type"]) & IAM_WHO) == 1 and len(set(event["type"]) & IAM_WHAT) == 1, event
    assert event["outcome"] in {"success", "failure", "unknown"}
    assert isinstance(event["sequence"], int) and re.fullmatch("ab(00){31}", event["hash"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["@timestamp"]), line
    for value in line.get("grantd", {}).values():
        assert isinstance(value, str) or (len(value) > 1 and all(isinstance(v, str) for v in value))
assert [line["event"]["sequence"] for line in lines] == list(range(1, len(lines) + 1))

grant, expire, session, end, denied, glass = lines[:6]
assert grant["user"] == {"name": "bob", "target": {"name": "alice"}} and grant["related"] == {"user": ["bob", "alice"]}
assert grant["event"]["reason"] == "OPS-12" and grant["event"]["type"] == ["user", "creation"]
assert grant["grantd"]["scope"] == ["pg:alice at pg:main/orders as alice, read-only", "os:alice at pam:sshd"]
assert grant["grantd"]["grant"] == "g-1000v" and grant["@timestamp"] == "2026-11-22T21:30:00.000001Z"
assert expire["user"] == {"name": "alice"} and expire["@timestamp"] == "2026-11-22T21:30:00.000000Z"
assert session["user"] == {"name": "alice"} and session["source"] == {"ip": "192.0.2.7"}
assert session["process"] == {"pid": 4711} and session["grantd"]["account"] == "pg:alice"
assert "source" not in end and "process" not in end and end["event"]["type"] == ["end"]
assert denied["event"]["outcome"] == "failure" and denied["source"] == {"ip": "2001:db8::1"} and "process" not in denied
member = next(line for line in lines if line["event"]["action"] == "member-end")
assert member["event"]["type"] == ["group", "change"] and member["event"]["outcome"] == "success"
assert "source" not in glass and glass["user"] == {"name": "emergency"}
outcomes = {line["event"]["action"]: line["event"]["outcome"] for line in lines}
assert (outcomes["session"], outcomes["denied"], outcomes["would-deny"]) == ("success", "failure", "unknown"), outcomes
hostile = next(line for line in lines if line["event"]["sequence"] == 35)
assert hostile["grantd"]["remote"] == '"}\n{"x":"\u2028\u2029\u0085' and hostile["grantd"]["x\"\n"] == "\\"
assert hostile["grantd"]["account"].startswith("".join(map(chr, range(0x80)))) and hostile["grantd"]["account"].endswith("\\xff")
(word,) = (line for line in lines if line["event"]["action"] == "approve")  # ids as people see them
assert word["grantd"]["request"] == ["r-1000v", "none", "0"] and word["grantd"]["lock"] == "k-1000v", word
assert word["grantd"]["extends"] == "g-1000v" and word["grantd"]["grants"] == "32768", word
assert lines[-1]["@timestamp"] == "9999-12-31T23:59:59.000000Z" and "grantd" not in lines[-1]
print(len(lines), "lines")
