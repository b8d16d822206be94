#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes checkpoint_*.txt from PROTOCOL.md section 4, "Checkpoint", and RFC 8032; must never call grantd's own code."""
import base64
import hashlib
import os

HERE = os.path.dirname(os.path.abspath(__file__))
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = f - e, d - c, d + c, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(n, point):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = add(out, point)
        point, n = add(point, point), n >> 1
    return out


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def compress(point):
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L


def key_pair(seed):
    h = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(h[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return scalar, h[32:], compress(multiply(scalar, BASE))


def sign(seed, message):
    scalar, prefix, public = key_pair(seed)
    r = number(prefix, message)
    big_r = compress(multiply(r, BASE))
    return big_r + ((r + number(big_r, public, message) * scalar) % L).to_bytes(32, "little")


def key_hash(name, public):
    return hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]


def b64(data):
    return base64.b64encode(data).decode()


CHECKPOINTS = {
    "checkpoint_first.txt": (bytes(range(32)), bytes(range(16)), 1, bytes(32), "2026-11-22T17:30:00Z"),
    "checkpoint_large.txt": (hashlib.sha256(b"seed").digest(), b"\xff" * 16, 2**64 - 1, hashlib.sha256(b"head").digest(),
                             "9999-12-31T23:59:59.000001Z"),
}

assert key_pair(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))[2].hex() == \
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"  # RFC 8032 7.1, test 1
for file, (seed, uuid, size, head, at) in CHECKPOINTS.items():
    name = "grantd/" + uuid.hex()
    public = key_pair(seed)[2]
    body = f"{name}\n{size}\n{b64(head)}\ntime {at}\n"
    note = body + f"\n\u2014 {name} " + b64(key_hash(name, public) + sign(seed, body.encode())) + "\n"
    with open(os.path.join(HERE, file), "w", encoding="utf-8") as out:
        out.write("# made by make_checkpoint.py: the facts, an empty line, the note\n")
        for key, value in (("seed", seed.hex()), ("uuid", uuid.hex()), ("size", size), ("head", head.hex()), ("at", at),
                           ("verifier", f"{name}+{key_hash(name, public).hex()}+{b64(bytes([1]) + public)}")):
            out.write(f"{key} {value}\n")
        out.write("\n" + note)
