#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes zones.txt: TZif files as hex, and what python's zoneinfo says of them at random instants, 1970 to 2100.

   tests/vectors/make_zones.py > tests/vectors/zones.txt
"""
import random
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
END = int(datetime(2100, 1, 1, tzinfo=timezone.utc).timestamp())


def offset(zone, t):
    return int((EPOCH + timedelta(seconds=t)).astimezone(zone).utcoffset().total_seconds())


def change(zone, low, high):
    """A second at which the offset changes between the two, or None."""
    if offset(zone, low) == offset(zone, high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset(zone, middle) == offset(zone, low) else (low, middle)
    return high


def main():
    random.seed(8536)
    print("# made by make_zones.py: \"file NAME HEX\", then \"SECONDS OFFSET\" as zoneinfo has them")
    for name in ZONES:
        with open(f"/usr/share/zoneinfo/{name}", "rb") as f:
            print(f"file {name} {f.read().hex()}")
        zone = ZoneInfo(name)
        times = [random.randrange(0, END) for _ in range(150)]
        for _ in range(40):  # both sides of a change
            low = random.randrange(0, END - 100 * 86400)
            if at := change(zone, low, low + 100 * 86400):
                times += [at - 1, at]
        for t in sorted(times):
            print(t, offset(zone, t))


main()
