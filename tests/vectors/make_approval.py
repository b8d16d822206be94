#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes approval_*.txt from PROTOCOL.md section 6, "Approval text", alone; must never call grantd's own code."""
import datetime
import os

HERE = os.path.dirname(os.path.abspath(__file__))
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def identity(kind, number):
    text, left = "", number
    while left or len(text) < 3:
        text, left = DIGITS[left % 32] + text, left // 32
    return kind + "-" + text + DIGITS[number % 29]


def duration(seconds):
    out, left = "", seconds
    for letter, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if left // size:
            out += f"{left // size}{letter}"
        left %= size
    return f"{out} ({seconds} s)"


def timestamp(us):
    t = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=us)
    return t.strftime("%Y-%m-%dT%H:%M:%S") + (f".{us % 10**6:06}" if us % 10**6 else "") + "Z"


def text(f):
    lines = ["grantd approval, version 1", "host: " + f["host"], "request: " + identity("r", f["request"]),
             "person: " + f["person"], "resource: " + f["resource"],
             "access: " + ("read-write" if f.get("read_write") else "read-only")]
    if f.get("role"):
        lines.append("role: " + f["role"])
    if f.get("break_glass"):
        lines.append("break-glass: yes")
    if f.get("extends"):
        lines.append("extends: " + identity("g", f["extends"]))
    lines.append("for: " + duration(f["for"]))
    if f["asked_for"] != f["for"]:
        lines.append("asked-for: " + duration(f["asked_for"]))
    start = timestamp(f["start"]) if "start" in f else ""
    if f.get("first_use"):
        start = "at first use" + (" from " + start if start else "")
    lines.append("start: " + (start or "at approval"))
    if "until" in f:
        lines.append("until: " + timestamp(f["until"]))
    lines.append("asked: " + timestamp(f["asked"]))
    lines += ["scope: " + s for s in f.get("scopes", [])]
    if f.get("reason"):
        lines.append("reason: " + f["reason"])
    return "".join(line + "\n" for line in lines)


PLAIN = {"host": "0f3c" + "00" * 13 + "ff", "request": 32768, "person": "alice", "resource": "orders-db", "for": 3600,
         "asked_for": 3600, "asked": 1795365000000000}
APPROVALS = {
    "approval_plain.txt": PLAIN,
    "approval_full.txt": PLAIN | {
        "request": 2**53, "read_write": True, "role": "app", "break_glass": True, "for": 5430, "asked_for": 90061,
        "start": 1795424400000000, "asked": 1795365000000001, "reason": "OPS-12: Zähler prüfen",
        "scopes": ["pg:alice at pg:main/orders as alice, read-write", "os:alice at pam:sshd, full"]},
    "approval_first_use.txt": PLAIN | {"first_use": True, "reason": "reason: OPS-12"},
    "approval_first_use_later.txt": PLAIN | {"first_use": True, "start": 253402300799999999, "asked": 0, "for": 1,
                                             "asked_for": 366 * 86400},
    "approval_until.txt": PLAIN | {"extends": 32769, "for": 1800, "until": 1795368600000000},
}

for name, facts in APPROVALS.items():
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as out:
        out.write("# made by make_approval.py: the facts (durations in s, times in us), an empty line, the text\n")
        for key, value in facts.items():
            for one in value if isinstance(value, list) else [value]:
                out.write(f"{key} {int(one) if isinstance(one, bool) else one}\n")
        out.write("\n" + text(facts))
