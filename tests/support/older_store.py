#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes a store back to an older schema, with its rows: as a grantd of that time would have left it.
   older_store.py grantd/store/schema.h VERSION grantd.db"""
import os, re, sqlite3, sys

header, version, path = open(sys.argv[1]).read(), int(sys.argv[2]), sys.argv[3]
steps = re.findall(r'R"sql\((.*?)\)sql"', header, re.S)
assert 0 < version < len(steps), "no older schema of that number"
stat = os.stat(path)
new = sqlite3.connect(path)
application = new.execute("PRAGMA application_id").fetchone()[0]
assert new.execute("PRAGMA user_version").fetchone()[0] == len(steps)
old = sqlite3.connect(path + ".old", isolation_level=None)
for step in steps[:version]:
    old.executescript(step)
for (table,) in old.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'").fetchall():
    columns = [c[1] for c in old.execute(f"PRAGMA table_info({table})")]
    rows = new.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY rowid").fetchall()
    old.executemany(f"INSERT INTO {table}({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", rows)
old.execute(f"PRAGMA application_id = {application}")
old.execute(f"PRAGMA user_version = {version}")
old.close()
new.close()
os.chown(path + ".old", stat.st_uid, stat.st_gid)
os.chmod(path + ".old", 0o600)
for rest in ("-wal", "-shm"):
    if os.path.exists(path + rest):
        os.unlink(path + rest)
os.rename(path + ".old", path)
