// SPDX-License-Identifier: Apache-2.0
// The schema, one step per version. A step once released is never edited: a new one is added.
#pragma once

#include <cstdint>

namespace grantd::store {

inline constexpr int32_t application = 0x67726e74;    // "grnt", PRAGMA application_id
inline constexpr int64_t first_grant_number = 32768;  // so that every id prints with four digits
inline constexpr int64_t first_lock_number = 32768;
// PRAGMA user_version after step i is i + 1.
inline constexpr const char* schema_steps[] = {
    R"sql(
CREATE TABLE meta(
  one INTEGER PRIMARY KEY CHECK(one = 1),
  uuid BLOB NOT NULL CHECK(length(uuid) = 16),
  skipped INTEGER NOT NULL DEFAULT 0, -- numbers never given out: an unlock after an old copy passes over them
  high_water_us INTEGER,
  high_water_boot_ns INTEGER,
  high_water_boot BLOB CHECK(high_water_boot IS NULL OR length(high_water_boot) = 16)
) STRICT;

CREATE TABLE grants(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  state INTEGER NOT NULL DEFAULT 0 CHECK(state BETWEEN 0 AND 3),
  person TEXT NOT NULL CHECK(person <> ''),
  resource TEXT NOT NULL CHECK(resource <> ''),
  not_before_us INTEGER NOT NULL,
  not_after_us INTEGER NOT NULL,
  made_us INTEGER NOT NULL,
  made_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  mapped_start_ns INTEGER NOT NULL,
  mapped_end_ns INTEGER NOT NULL,
  mapped_boot BLOB NOT NULL CHECK(length(mapped_boot) = 16),
  scopes BLOB NOT NULL,
  ended_us INTEGER,
  ended_by TEXT,
  ended_reason TEXT,
  CHECK(not_after_us > not_before_us),
  CHECK((state = 0) = (ended_us IS NULL))
) STRICT;
CREATE INDEX grants_open ON grants(state) WHERE state = 0;
CREATE INDEX grants_open_person ON grants(person, resource) WHERE state = 0;
CREATE INDEX grants_ended ON grants(ended_us) WHERE state <> 0;
CREATE INDEX grants_person ON grants(person);
CREATE INDEX grants_resource ON grants(resource);
INSERT INTO sqlite_sequence(name, seq) VALUES('grants', 32767);

CREATE TRIGGER grants_ended_is_final BEFORE UPDATE ON grants WHEN OLD.state <> 0
BEGIN SELECT RAISE(ABORT, 'an ended grant does not change'); END;
CREATE TRIGGER grants_never_longer BEFORE UPDATE OF not_after_us ON grants WHEN NEW.not_after_us > OLD.not_after_us
BEGIN SELECT RAISE(ABORT, 'not_after never increases: make a new grant'); END;
CREATE TRIGGER grants_frozen
BEFORE UPDATE OF number, person, resource, not_before_us, made_us, made_by, reason, scopes ON grants
BEGIN SELECT RAISE(ABORT, 'what was granted does not change'); END;
CREATE TRIGGER grants_kept BEFORE DELETE ON grants
BEGIN SELECT RAISE(ABORT, 'grants are kept'); END;
CREATE TRIGGER grants_not_replaced BEFORE INSERT ON grants
WHEN EXISTS(SELECT 1 FROM grants WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'grant numbers are not reused'); END;

CREATE TABLE audit(
  sequence INTEGER PRIMARY KEY,
  at_us INTEGER NOT NULL,
  event TEXT NOT NULL CHECK(event <> ''),
  fields BLOB NOT NULL,
  digest BLOB NOT NULL CHECK(length(digest) = 32)
) STRICT;
CREATE TRIGGER audit_frozen BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit does not change'); END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is kept'); END;
CREATE TRIGGER audit_without_gap BEFORE INSERT ON audit
WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM audit)
BEGIN SELECT RAISE(ABORT, 'the audit has no gap'); END;
)sql",
    R"sql(
CREATE TABLE locks(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  subject INTEGER NOT NULL CHECK(subject BETWEEN 1 AND 3), -- a person, a resource, everybody
  name TEXT NOT NULL CHECK((name = '') = (subject = 3)),
  message TEXT NOT NULL CHECK(length(CAST(message AS BLOB)) BETWEEN 1 AND 80),
  from_us INTEGER NOT NULL,
  until_us INTEGER NOT NULL,
  made_by TEXT NOT NULL,
  mapped_end_ns INTEGER NOT NULL,
  mapped_boot BLOB NOT NULL CHECK(length(mapped_boot) = 16),
  ended_us INTEGER,
  ended_by TEXT,
  CHECK(until_us > from_us),
  CHECK((ended_us IS NULL) = (ended_by IS NULL))
) STRICT;
CREATE INDEX locks_in_force ON locks(number) WHERE ended_us IS NULL;
INSERT INTO sqlite_sequence(name, seq) VALUES('locks', 32767);
-- Numbers that no lock has: the daemon numbers a lock before the store has it, and an unlock passes over some.
ALTER TABLE meta ADD COLUMN locks_skipped INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER locks_ended_is_final BEFORE UPDATE ON locks WHEN OLD.ended_us IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an ended lock does not change'); END;
CREATE TRIGGER locks_never_shorter BEFORE UPDATE OF mapped_end_ns, mapped_boot ON locks
WHEN NEW.mapped_boot = OLD.mapped_boot AND NEW.mapped_end_ns < OLD.mapped_end_ns
BEGIN SELECT RAISE(ABORT, 'a lock does not end earlier by itself'); END;
CREATE TRIGGER locks_frozen
BEFORE UPDATE OF number, subject, name, message, from_us, until_us, made_by ON locks
BEGIN SELECT RAISE(ABORT, 'what was locked does not change'); END;
CREATE TRIGGER locks_kept BEFORE DELETE ON locks
BEGIN SELECT RAISE(ABORT, 'locks are kept'); END;
CREATE TRIGGER locks_not_reused BEFORE INSERT ON locks
WHEN NEW.number <= (SELECT seq FROM sqlite_sequence WHERE name = 'locks')
BEGIN SELECT RAISE(ABORT, 'lock numbers are not reused'); END;
)sql",
};
inline constexpr int32_t schema_version = sizeof schema_steps / sizeof *schema_steps;

}  // namespace grantd::store
