#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""README's code blocks, for tests that do what README says.
usage: readme.py block TEXT        the first block with a line that begins so, as it stands
       readme.py line TEXT         the first line of a block that begins so, without its comment
       readme.py policy            the block of TOML with people in it
       readme.py blocks            the first line that is no comment, of each block that has no prompts
       readme.py sections          the sections that have blocks with prompts
       readme.py story SECTION     of that section's blocks with prompts: WHO<tab>COMMAND, then what is shown, <tab>LINE
       readme.py shown LINE        does standard input have such a line? Ids and times may differ, ... is anything
A block is fenced, or indented by four columns or more behind an empty line. A prompt is a name, a $ and a blank."""
import pathlib
import re
import sys

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
PROMPT = re.compile(r"([a-z]+)\$ +(.*)")


def blocks():
    """[(section, language, [line, ...]), ...]"""
    out, section, fence, before = [], "", None, ""
    indented = False
    for line in README.read_text().splitlines():
        if fence is not None:
            if line.strip() == "```":
                fence = None
            else:
                out[-1][2].append(line)
        elif line.strip().startswith("```"):
            fence = line.strip()[3:]
            out.append((section, fence, []))
        elif line.startswith("#"):
            section = line.lstrip("# ")
        elif line.startswith("    ") and (indented or not before.strip()):
            if not indented:
                out.append((section, "", []))
            out[-1][2].append(line)
            indented = True
        elif line.strip():
            indented = False
        if not line.strip() and fence is None:
            indented = False
        before = line
    return [(s, language, unindented(lines)) for s, language, lines in out if lines]


def unindented(lines):
    margin = min(len(l) - len(l.lstrip()) for l in lines if l.strip())
    return [l[margin:] for l in lines]


def bare(line):
    """Without a comment behind it."""
    return re.sub(r"\s+#( .*)?$", "", line)


def has_prompts(lines):
    return any(PROMPT.match(l) for l in lines)


def fail(words):
    sys.exit(f"readme.py: README has {words}")


def likened(line):
    """What a line has to look like: without what differs from day to day."""
    line = re.sub(r"\b([grk])-[0-9a-z]{4,}", r"\1-ID", line)
    line = re.sub(r"(\d{4}-\d\d-\d\d )?\d\d:\d\d(:\d\d)? [+-]\d{4}", "TIME", line)
    line = re.sub(r"\d+ (h|min|s)( \d+ (min|s))* left", "LEFT", line)
    return " ".join(line.split())


def is_shown(line, text):
    wanted = ".*".join(re.escape(part) for part in likened(line).split("..."))
    return any(re.fullmatch(wanted, likened(l)) for l in text.splitlines())


def story(section):
    found = False
    for where, _, lines in blocks():
        if where != section or not has_prompts(lines):
            continue
        found = True
        for line in filter(str.strip, lines):
            prompt = PROMPT.match(line)
            print(f"{prompt[1]}\t{bare(prompt[2])}" if prompt else f"\t{line}")
    if not found:
        fail(f'no block with prompts under "{section}"')


def main(what, text=""):
    if what == "block":
        found = [lines for _, _, lines in blocks() if any(l.startswith(text) for l in lines)]
        print("\n".join(found[0] if found else fail(f'no block with a line that begins "{text}"')))
    elif what == "line":
        found = [bare(l) for _, _, lines in blocks() for l in lines if l.startswith(text)]
        print(found[0] if found else fail(f'no line in a block that begins "{text}"'))
    elif what == "shown":
        sys.exit(not is_shown(text, sys.stdin.read()))
    elif what == "policy":
        found = [lines for _, language, lines in blocks() if language == "toml" and "[person.alice]" in "\n".join(lines)]
        print("\n".join(found[0] if found else fail("no policy")))
    elif what == "blocks":
        for _, _, lines in blocks():
            if not has_prompts(lines):
                print(next(bare(l) for l in lines if l.strip() and not l.startswith("#")))
    elif what == "sections":
        print("\n".join(dict.fromkeys(s for s, _, lines in blocks() if has_prompts(lines))))
    elif what == "story":
        story(text)
    else:
        sys.exit(__doc__)


main(*sys.argv[1:])
