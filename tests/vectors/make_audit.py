#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes audit_*.txt from PROTOCOL.md section 4 alone; must never call grantd's own code."""
import hashlib
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))


def counted(data):
    return struct.pack("<I", len(data)) + data


def canonical(sequence, utc_us, event, fields):
    out = struct.pack("<BQq", 1, sequence, utc_us) + counted(event)
    out += struct.pack("<I", len(fields))
    for key, value in fields:
        out += counted(key) + counted(value)
    return out


def link(previous, record):
    return hashlib.blake2b(b"grantd-audit-v1\0" + previous + record, digest_size=32).digest()


CHAINS = {
    "audit_life.txt": [
        (1, 1795383000000000, b"start", [(b"version", b"0.1.0")]),
        (2, 1795383001000001, b"grant", [(b"grant", b"g-7k2m"), (b"person", b"alice"), (b"resource", b"orders-db"),
                                         (b"by", b"root"), (b"reason", b"ticket 4711")]),
        (3, 1795383002000002, b"revoke", [(b"grant", b"g-7k2m"), (b"by", b"root"), (b"reason", b"")]),
    ],
    # Numbers at their ends, no fields, every byte as a value, a value that looks like a length.
    "audit_edges.txt": [
        (1, 0, b"", []),
        (2, -1, b"x", [(b"", b"")]),
        (2**64 - 1, 2**63 - 1, b"bytes", [(b"all", bytes(range(256)))]),
        (2**63, -(2**63), b"length", [(b"a", struct.pack("<I", 1)), (b"b", b"\0" * 5)]),
    ],
    # The same text cut at other places: each record its own bytes, so its own digest.
    "audit_cuts.txt": [
        (1, 1, b"ab", [(b"c", b"d")]),
        (1, 1, b"a", [(b"bc", b"d")]),
        (1, 1, b"a", [(b"b", b"cd")]),
        (1, 1, b"a", [(b"b", b"c"), (b"d", b"")]),
    ],
}

for name, records in CHAINS.items():
    with open(os.path.join(HERE, name), "w", encoding="ascii") as out:
        out.write("# made by make_audit.py: sequence utc_us, event, fields, record, chained; all strings in hex\n")
        previous = bytes(32)
        for sequence, utc_us, event, fields in records:
            record = canonical(sequence, utc_us, event, fields)
            previous = link(previous, record)
            out.write(f"record {sequence} {utc_us}\n")
            out.write(f"event {event.hex()}\n")
            for key, value in fields:
                out.write(f"field {key.hex()} {value.hex()}\n")
            out.write(f"bytes {record.hex()}\n")
            out.write(f"chained {previous.hex()}\n")
