#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws a picture (SVG) of the demo from what its terminal showed: ./dev picture. Shows commands and answers as they
were, fewer of them; fails when the demo did not say what the picture is to show.
usage: demo.py <TYPESCRIPT >PICTURE"""
import re
import sys
import textwrap
import unicodedata
from xml.sax.saxutils import escape

# Of a chapter that begins so: the commands that begin so, and of their answers the lines in which this is found.
SHOWN = [
    ("Nobody is inside", [("alice$ psql", "FATAL|HINT"), ("alice$ ssh", "no open grant")]),
    ("alice asks", [("alice$ grantctl request orders-db --for 70s --reason OPS-12", "asked")]),
    ("bob looks", [("bob$ grantctl approve", "approved; open")]),
    ("She is inside", [("alice$ psql", "NOTICE|hello"), ("root$ grantctl sessions", ".")]),
    ("A minute before", [("", "ends in")]),
    ("Revoked", [("root$ grantctl revoke", "ended|out,"), ("bob$ psql", "FATAL|DETAIL")]),
    ("And the end comes", [("", "out,|grantd: grant|FATAL|HINT"), ("alice$ ssh", "ended at")]),
    ("The audit proves itself", [("root$ grantctl audit verify", "good:"), ("root$ bash -c", "Good")]),
    ("One byte", [("root$ grantctl audit verify", "was changed")]),
]
COLUMNS = 112
BOLD = "\x1b[1m"


def read(text):
    """[(chapter, [(command, [line, ...]), ...]), ...]; what comes before a chapter's first command is that of ''."""
    chapters = []
    for raw in text.replace("\r", "").split("\n"):
        line = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", raw)
        line = "".join(c for c in line if c == "\t" or unicodedata.category(c)[0] != "C").expandtabs()
        if raw.startswith(BOLD) and line.startswith("== "):
            chapters.append((line[3:], [("", [])]))
        elif chapters and raw.startswith(BOLD):
            chapters[-1][1].append((line, []))
        elif chapters:
            chapters[-1][1][-1][1].append(line)
    return chapters


def choose(chapters):
    """[(kind, line), ...] of what SHOWN names, in its order."""
    out = []
    for beginning, commands in SHOWN:
        found = [c for c in chapters if c[0].startswith(beginning)]
        if not found:
            sys.exit(f'demo.py: the demo has no chapter "{beginning}"')
        out.append(("chapter", found[0][0]))
        for command, wanted in commands:
            answers = [a for a in found[0][1] if a[0].startswith(command) and (command or not a[0])]
            lines = [l for l in answers[0][1] if re.search(wanted, l)] if answers else []
            if not lines:
                sys.exit(f'demo.py: "{found[0][0]}": nothing like "{wanted}" after "{command}"')
            if command:
                out.append(("command", answers[0][0]))
            out += [("answer", l) for l in lines]
        out.append(("gap", ""))
    return out[:-1]


def colour(kind, line):
    if kind == "answer" and re.search(r"FATAL|no open grant|was changed|ended at", line):
        return "no"
    if kind == "answer" and re.search(r"approved; open|hello|good:|Good", line):
        return "yes"
    return kind


def wrap(lines):
    for kind, line in lines:
        for part in textwrap.wrap(line, COLUMNS, subsequent_indent="  ", break_on_hyphens=False) or [""]:
            yield colour(kind, line), part


def draw(lines):
    height = 18
    rows = list(wrap(lines))
    width, tall = round(COLUMNS * 7.85) + 40, len(rows) * height + 40
    # A terminal is dark in either mode of the page around it.
    print(f'''<?xml version="1.0" encoding="UTF-8"?>
<!-- SPDX-License-Identifier: Apache-2.0. Made by ./dev picture from what ./dev demo showed. -->
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {tall}" role="img" aria-labelledby="title">
  <title id="title">What ./dev demo shows: refused, asked, approved, let in, warned, put out, proved</title>
  <style>
    text {{ font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre; fill: #c9d1d9 }}
    .chapter {{ font-weight: 700; fill: #79c0ff }}
    .command {{ font-weight: 700; fill: #f0f6fc }}
    .no {{ fill: #ff7b72 }}
    .yes {{ fill: #7ee787 }}
  </style>
  <rect width="{width}" height="{tall}" rx="10" fill="#0d1117"/>''')
    for i, (kind, line) in enumerate(rows):
        if line:
            print(f'  <text class="{kind}" x="20" y="{20 + (i + 1) * height - 4}" '
                  f'xml:space="preserve">{escape(line)}</text>')
    print("</svg>")


if __name__ == "__main__":
    draw(choose(read(sys.stdin.read())))
