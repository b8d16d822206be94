#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""README's pictures: well-formed, readable in either mode, asking nothing of anybody; the one of how it works draws
only what the manual knows; and the program that draws the demo lets nothing of a terminal through.
usage: pictures_test.py SOURCE DIRECTORY_OF_BUILT_PAGES"""
import io
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as tree
from contextlib import redirect_stdout

source, pages = map(pathlib.Path, sys.argv[1:])
pictures = source / "packaging/pictures"
SVG = "{http://www.w3.org/2000/svg}"
failed = False


def check(good, what):
    global failed
    if not good:
        print(f"not ok: {what}")
        failed = True


def inside(svg, name):
    _, _, width, height = map(float, svg.get("viewBox").split())
    for text in svg.iter(SVG + "text"):
        size = 6.5 * len("".join(text.itertext()))
        x, y = float(text.get("x")), float(text.get("y"))
        check(0 < x and x + size < width and 0 < y < height, f'{name}: "{text.text}" leaves the picture')


for name in ("how.svg", "demo.svg"):
    raw = (pictures / name).read_text()
    svg = tree.fromstring(raw)
    check(svg.find(SVG + "title") is not None, f"{name} has no title for who cannot see it")
    check(all(e.tag.removeprefix(SVG) in {"svg", "title", "desc", "style", "defs", "marker", "path", "rect", "text"}
              for e in svg.iter()), f"{name} is more than a drawing")
    check(not any(k.endswith("href") or k.startswith("on") for e in svg.iter() for k in e.attrib), f"{name} has links")
    check("@import" not in raw and "url(http" not in raw, f"{name} asks the network")
    check(f"packaging/pictures/{name}" in (source / "README.md").read_text(), f"README does not show {name}")
    inside(svg, name)

# --- how it works ---------------------------------------------------------------------------------------------------
how = tree.parse(pictures / "how.svg").getroot()
check("prefers-color-scheme: dark" in how.find(SVG + "style").text, "how.svg knows no dark mode")
names = [t.text for t in how.iter(SVG + "text") if t.get("class") in ("name", "socket")]
manual = "".join(p.read_text() for p in pages.glob("*.[1-9]")).replace("\\-", "-").replace("\\&", "")
check(len(names) >= 9, f"how.svg names {names}")
for name in names:
    check(name in manual, f"how.svg names {name}, which the manual does not know")

# --- the demo --------------------------------------------------------------------------------------------------------
demo = "".join("".join(t.itertext()) + "\n" for t in tree.parse(pictures / "demo.svg").getroot().iter(SVG + "text"))
for told in ("no open grant for", "needs 1 of bob", "approved; open", "ends in 1 min", "was revoked at", "ended at", "good: "):
    check(told in demo, f'demo.svg does not show "{told}"')

sys.dont_write_bytecode = True
sys.path.insert(0, str(pictures))
import demo as program  # noqa: E402

hostile = "\x1b[1m== A chapter\x1b[0m\n\x1b[1mroot$ x\x1b[0m\nwanted <script>&amp; \x07\x1b[31mred\x1b[0m\x9b2J ]]>\n"
program.SHOWN = [("A chapter", [("root$ x", "wanted")])]
drawn = io.StringIO()
with redirect_stdout(drawn):
    program.draw(program.choose(program.read(hostile)))
texts = [t.text for t in tree.fromstring(drawn.getvalue()).iter(SVG + "text")]
check(texts == ["A chapter", "root$ x", "wanted <script>&amp; red2J ]]>"], f"drawn from a hostile terminal: {texts}")
for said in ("nothing", "\x1b[1m== Nobody is inside\x1b[0m\n"):
    done = subprocess.run([pictures / "demo.py"], input=said, text=True, capture_output=True, check=False)
    check(done.returncode != 0 and done.stdout == "", f"a demo that says {said!r} is drawn")

print("failed" if failed else "ok")
sys.exit(failed)
