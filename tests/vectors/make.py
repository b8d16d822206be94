#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Writes table_*.txt, report.txt, presence.txt and registration.txt from the prose of grantd/PROTOCOL.md, sections 1,
# 2 and 5; shares no code with grantd.
# Run it in this directory after the prose changed; what it writes is committed.
import random
import struct

M64 = (1 << 64) - 1
PAGE, RECORD, PER_PAGE = 4096, 192, 21
KIND = {"window": 1, "ended": 2, "lock": 3}
CLASS = {"os": 1, "pg": 2, "dn": 3, "krb": 4}
POINT = {"pam": 1, "postgres": 2}
ANY_PLACE, ANY_DATABASE, REPLICATION = 1, 2, 4


def siphash13(k0, k1, data):
    def rotl(x, b):
        return ((x << b) | (x >> (64 - b))) & M64

    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def rounds(n):
        for _ in range(n):
            v[0] = (v[0] + v[1]) & M64
            v[1] = rotl(v[1], 13) ^ v[0]
            v[0] = rotl(v[0], 32)
            v[2] = (v[2] + v[3]) & M64
            v[3] = rotl(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) & M64
            v[3] = rotl(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) & M64
            v[1] = rotl(v[1], 17) ^ v[2]
            v[2] = rotl(v[2], 32)

    whole = len(data) // 8 * 8
    last = data[whole:] + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for at in range(0, whole, 8):
        m = struct.unpack_from("<Q", data, at)[0]
        v[3] ^= m
        rounds(1)
        v[0] ^= m
    m = struct.unpack("<Q", last)[0]
    v[3] ^= m
    rounds(1)
    v[0] ^= m
    v[2] ^= 0xFF
    rounds(3)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


class Table:
    def __init__(self, flags=0, sequence=1, boot=bytes(range(16)), written=5_000_000_000, key=(1, 2)):
        self.flags, self.sequence, self.boot, self.written, self.key = flags, sequence, boot, written, key
        self.records, self.points = [], []

    def record(self, kind, who, point, place=None, database="", role="", access="rw", how=0, start=1000, end=2000,
               end_utc=1_800_000_000, utc_offset=3600, grant=1, text="", any_database=False, replication=False):
        proved_by, name = who.split(":", 1)
        flags = (ANY_PLACE if place is None else 0) | (ANY_DATABASE if any_database else 0)
        flags |= REPLICATION if replication else 0
        self.records.append(dict(kind=KIND[kind], proved_by=CLASS[proved_by], point=POINT[point], flags=flags,
                                 access=0 if kind == "lock" else {"ro": 1, "rw": 2}[access], how=how, name=name,
                                 place=place or "", database=database, role=role, text=text, utc_offset=utc_offset,
                                 grant=grant, start=start, end=end, end_utc=end_utc))

    def point(self, point, resource, place=None, database="", any_database=False, replication=False):
        flags = (ANY_PLACE if place is None else 0) | (ANY_DATABASE if any_database else 0)
        flags |= REPLICATION if replication else 0
        self.points.append(dict(kind=4, proved_by=0, point=POINT[point], flags=flags, access=0, how=0, name="",
                                place=place or "", database=database, role="", text=resource, utc_offset=0, grant=0,
                                start=0, end=0, end_utc=0))

    def hash(self, r):
        place, database = r["place"].encode(), r["database"].encode()
        if r["kind"] == 4:
            replication = 1 if r["flags"] & REPLICATION else 0
            return siphash13(*self.key, bytes([0, r["point"], replication, len(place)]) + place + database)
        return siphash13(*self.key, bytes([r["proved_by"]]) + r["name"].encode())

    def encode_record(self, r):
        texts = [r[f].encode() for f in ("name", "place", "database", "role", "text")]
        head = struct.pack("<11BxiQqqq8x", r["kind"], r["proved_by"], r["point"], r["flags"], r["access"], r["how"],
                           *[len(t) for t in texts], r["utc_offset"], r["grant"], r["start"], r["end"], r["end_utc"])
        strings = b"".join(texts)
        assert len(head) == 56 and len(strings) <= 136
        return head + strings + bytes(136 - len(strings))

    def encode_page(self, index, following, records):
        body = struct.pack("<QIIH38x", self.sequence, index, following, len(records))
        body += b"".join(self.encode_record(r) for r in records)
        body += bytes(PAGE - 8 - len(body))
        return struct.pack("<Q", siphash13(*self.key, body)) + body

    def chains(self, buckets):
        out = [[] for _ in range(buckets)]
        for h, _, r in self.order:
            out[((h >> 32) * buckets) >> 32].append(r)
        return out

    def encode(self):
        every = self.records + self.points
        self.order = sorted(((self.hash(r), i, r) for i, r in enumerate(every)), key=lambda e: (e[0] >> 32, e[1]))

        def count_pages(buckets):
            return sum(max(1, -(-len(c) // PER_PAGE)) for c in self.chains(buckets))

        buckets = max(1, -(-len(every) // 11))
        while buckets > 1 and count_pages(buckets) * PAGE > len(every) * 390:
            buckets = buckets * 3 // 4
        self.buckets, self.pages = buckets, count_pages(buckets)
        first, overflow = [], []
        for b, chain in enumerate(self.chains(buckets)):
            parts = [chain[i:i + PER_PAGE] for i in range(0, len(chain), PER_PAGE)] or [[]]
            index = b
            for i, part in enumerate(parts):
                more = i + 1 < len(parts)
                following = buckets + len(overflow) + (1 if i else 0) if more else 0xFFFFFFFF
                (overflow if i else first).append(self.encode_page(index, following, part))
                index = following
        self.windows = sum(r["kind"] == 1 for r in every)
        head = struct.pack("<8sIIQ16sqIIIIQQ40x", b"grantdWT", 1, self.flags, self.sequence, self.boot, self.written,
                           self.pages, buckets, len(every), self.windows, *self.key)
        assert len(head) == 120
        head += struct.pack("<Q", siphash13(0, 0, head))
        return head + bytes(PAGE - 128) + b"".join(first + overflow)

    def save(self, name, about):
        data = self.encode()
        with open(name, "w", encoding="utf-8") as out:
            print(f"# {about} Made by make.py. Fields are separated by tabs; bytes not given are zero.", file=out)
            print("header", self.flags, self.sequence, self.boot.hex(), self.written, self.pages, self.buckets,
                  len(self.records) + len(self.points), self.windows, *self.key, sep="\t", file=out)
            for r in self.records + self.points:
                print("record", *[r[f] for f in ("kind", "proved_by", "point", "flags", "access", "how", "name",
                                                 "place", "database", "role", "text", "utc_offset", "grant", "start",
                                                 "end", "end_utc")], sep="\t", file=out)
            print_bytes(data, out)


def print_bytes(data, out):
    print("bytes", len(data), sep="\t", file=out)
    for at in range(0, len(data), 32):
        if any(data[at:at + 32]):
            print("at", at, data[at:at + 32].hex(), sep="\t", file=out)


def report(out, outcome, reason, proved_by, point, replication, grant, boot, pid, *texts):
    head = struct.pack("<4s5B", b"gdr1", outcome, reason, proved_by, point, replication)
    head += bytes(len(t) for t in texts) + bytes(2) + struct.pack("<QqI4x", grant, boot, pid)
    assert len(texts) == 5 and len(head) == 40
    print("report", outcome, reason, proved_by, point, replication, grant, boot, pid, *[t.hex() for t in texts],
          (head + b"".join(texts)).hex(), sep="\t", file=out)


def presence(out, state, cause, proved_by, point, access, replication, run, number, grant, since, until, pid, *texts):
    head = struct.pack("<4s6B", b"gdp1", state, cause, proved_by, point, access, replication)
    head += bytes(len(t) for t in texts) + struct.pack("<QQQqqI4x", run, number, grant, since, until, pid)
    assert len(texts) == 6 and len(head) == 64
    print("presence", state, cause, proved_by, point, access, replication, run, number, grant, since, until, pid,
          *[t.hex() for t in texts], (head + b"".join(texts)).hex(), sep="\t", file=out)


def registration(out, kind, *texts):
    head = struct.pack("<4sB", b"gds1", kind) + bytes(len(t) for t in texts) + bytes(3)
    assert len(texts) == 4 and len(head) == 12
    print("registration", kind, *[t.hex() for t in texts], (head + b"".join(texts)).hex(), sep="\t", file=out)


def answer(out, result, reason, fault, locked, given, how, utc_offset, grant, until, now, end_utc, *texts):
    head = struct.pack("<4s6B", b"gda1", result, reason, fault, locked, given, how)
    head += bytes(len(t) for t in texts) + struct.pack("<iQqqq", utc_offset, grant, until, now, end_utc)
    assert len(texts) == 2 and len(head) == 48
    print("answer", result, reason, fault, locked, given, how, utc_offset, grant, until, now, end_utc,
          *[t.hex() for t in texts], (head + b"".join(texts)).hex(), sep="\t", file=out)


def main():
    # The authors' test vector is for 2-4; this one is that of the Linux kernel and Rust for 1-3 with key 00..0f.
    key = struct.unpack("<QQ", bytes(range(16)))
    assert siphash13(*key, b"") == 0xABAC0158050FC4DC

    Table().save("table_empty.txt", "No record at all.")

    t = Table(sequence=0x0102030405060708, key=(0x1122334455667788, 0x99AABBCCDDEEFF00), written=(1 << 62) + 1)
    t.record("window", "pg:alice", "postgres", "main", "orders", "alice", access="ro", grant=7)
    t.record("window", "pg:alice", "postgres", "main", "orders", "orders_rw", grant=8, start=-5, end=(1 << 63) - 1)
    t.record("window", "pg:alice", "postgres", "main", any_database=True, role="alice", grant=M64)
    t.record("window", "os:alice", "pam", "sshd", grant=7, utc_offset=-12600)
    t.record("ended", "os:alice", "pam", "sshd", access="ro", how=2, grant=6, end_utc=-1)
    t.record("ended", "os:bob", "pam", "sshd", how=1, grant=3)
    t.record("ended", "os:bob", "pam", how=3, grant=4)
    t.record("lock", "os:bob", "pam", text="laptop stolen, call the desk: 4711 \u2013 Jos\u00e9", grant=1)
    t.record("window", "dn:CN=alice,O=Example Corp", "postgres", "main", "orders", "orders_rw", grant=9)
    t.record("window", "krb:alice@EXAMPLE.COM", "postgres", "main", replication=True, role="replicator", grant=10)
    t.record("window", "os:" + "n" * 128, "pam", "login", grant=11)
    t.point("postgres", "orders-db", "main", "orders")
    t.point("postgres", "any-db", "main", any_database=True)
    t.point("postgres", "backups", "main", replication=True)
    t.point("pam", "shell", "sshd")
    t.point("pam", "everything")
    t.save("table_kinds.txt", "Every kind of record once.")

    t = Table(flags=1, sequence=3)
    t.record("window", "os:alice", "pam", "sshd")
    t.save("table_locked.txt", "LOCKED.")

    t = Table(sequence=4, key=(0xDEADBEEF, 0))
    for i in range(32):
        t.record("window", "pg:alice", "postgres", "main", f"db{i}", "alice", grant=100 + i)
        t.record("ended", "pg:alice", "postgres", "main", f"db{i}", "alice", how=1 + i % 3, grant=200 + i)
        t.record("window", f"os:user{i}", "pam", "sshd", grant=300 + i)
    t.save("table_chain.txt", "An account with as many records as can be: chains of several pages.")

    with open("report.txt", "w", encoding="utf-8") as out:
        print("# Reports. Made by make.py: the fields as in PROTOCOL.md, strings in hex, then the datagram.", file=out)
        report(out, 1, 0, 1, 1, 0, 7, 123456789, 4242, b"alice", b"sshd", b"", b"", b"192.0.2.7")
        report(out, 2, 5, 2, 2, 0, 0, 1, 1, b"bob", b"main", b"orders", b"bob", b"")
        report(out, 3, 6, 3, 2, 1, M64, -1, 0xFFFFFFFF, b"CN=x", b"main", b"", b"replicator", b"::1")
        report(out, 4, 1, 4, 1, 0, 0, 0, 0, b"", b"", b"", b"", b"")
        longest = random.Random(1).randbytes(128)
        report(out, 2, 3, 4, 2, 0, 1, 2, 3, longest, b"p" * 63, b"d" * 63, b"r" * 63, b"\x00\xff" * 31 + b"!")

    with open("presence.txt", "w", encoding="utf-8") as out:
        print("# Presence. Made by make.py: the fields as in PROTOCOL.md, strings in hex, then the datagram.", file=out)
        presence(out, 1, 0, 1, 1, 1, 0, 7, 1, 42, 5, 3_600_000_000_005, 4242, b"alice", b"sshd", b"", b"",
                 b"192.0.2.7", b"pts/3")
        presence(out, 2, 3, 2, 2, 2, 0, M64, M64, 0, 0, (1 << 63) - 1, 0, b"bob", b"main", b"orders", b"bob_rw", b"", b"")
        presence(out, 3, 7, 3, 2, 2, 1, 1, 2, M64, 1, 2, 0xFFFFFFFF, b"CN=x", b"main", b"", b"replicator", b"::1",
                 b"process 77 of /user.slice")
        presence(out, 4, 0, 4, 2, 1, 0, 0x0102030405060708, 3, 0, 9, 0, 1, b"a@R", b"m", b"d", b"", b"", b"")
        some = random.Random(2).randbytes(128)
        presence(out, 2, 6, 4, 1, 2, 0, 1, 1, 1, 1, 1, 1, some, b"p" * 63, b"d" * 63, b"r" * 63,
                 b"\x00\xff" * 31 + b"!", b"t" * 80)

    with open("registration.txt", "w", encoding="utf-8") as out:
        print("# Frames of session.sock. Made by make.py: the fields as in PROTOCOL.md, strings in hex, then the frame.",
              file=out)
        registration(out, 1, b"sshd", b"alice", b"192.0.2.7", b"ssh")
        registration(out, 2, b"sudo", b"root", b"", b"")
        registration(out, 1, b"s" * 63, b"\x00\xff" * 31 + b"u", b"r" * 63, b"t" * 63)
        answer(out, 1, 0, 0, 0, 2, 1, 3600, 42, 3_600_000_000_005, 5, 1_800_000_000, b"orders-db", b"")
        answer(out, 2, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, b"", b"")
        answer(out, 3, 1, 0, 1, 1, 2, -12600, M64, -1, (1 << 63) - 1, -1, b"r" * 63,
               "laptop stolen, call 4711 \u2013 Jos\u00e9".encode())
        answer(out, 3, 6, 14, 0, 1, 3, 0, 0, 0, 1, 0, b"", b"t" * 80)
        answer(out, 4, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, b"", b"it is in no cgroup of its own")
        answer(out, 5, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, b"", b"")


main()
