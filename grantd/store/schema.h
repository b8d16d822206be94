// SPDX-License-Identifier: Apache-2.0
// The schema, one step per version. A step once released is never edited: a new one is added.
#pragma once

#include <cstdint>

namespace grantd::store {

inline constexpr int32_t application = 0x67726e74;    // "grnt", PRAGMA application_id
inline constexpr int64_t first_grant_number = 32768;  // so that every id prints with four digits
inline constexpr int64_t first_lock_number = 32768;
inline constexpr int64_t first_request_number = 32768;
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
    R"sql(
CREATE TABLE requests(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  state INTEGER NOT NULL DEFAULT 0 CHECK(state BETWEEN 0 AND 4),
  person TEXT NOT NULL CHECK(person <> ''),
  resource TEXT NOT NULL CHECK(resource <> ''),
  role TEXT NOT NULL,
  reason TEXT NOT NULL,
  read_write INTEGER NOT NULL CHECK(read_write IN (0, 1)),
  break_glass INTEGER NOT NULL CHECK(break_glass IN (0, 1)),
  first_use INTEGER NOT NULL CHECK(first_use IN (0, 1)),
  is_signed INTEGER NOT NULL CHECK(is_signed IN (0, 1)),
  needs INTEGER NOT NULL CHECK(needs BETWEEN 0 AND 4294967295),
  for_us INTEGER NOT NULL CHECK(for_us > 0),
  start_us INTEGER,
  extends INTEGER, -- a grant's number
  rule TEXT NOT NULL,
  made_by TEXT NOT NULL,
  made_us INTEGER NOT NULL,
  lapses_us INTEGER NOT NULL,
  scopes BLOB NOT NULL,
  ended_us INTEGER,
  ended_by TEXT,
  ended_reason TEXT,
  granted INTEGER, -- the number of the grant it became
  CHECK(lapses_us >= made_us),
  CHECK((state = 0) = (ended_us IS NULL)),
  CHECK((state = 1) = (granted IS NOT NULL))
) STRICT;
CREATE INDEX requests_pending ON requests(number) WHERE state = 0;
CREATE INDEX requests_pending_person ON requests(person, resource) WHERE state = 0;
CREATE INDEX requests_ended ON requests(ended_us) WHERE state <> 0;
CREATE INDEX requests_ended_person ON requests(person, ended_us) WHERE state <> 0;
CREATE INDEX requests_person ON requests(person);
CREATE INDEX requests_resource ON requests(resource);
CREATE INDEX requests_self_service ON requests(person, rule, made_us) WHERE state = 1 AND needs = 0;
INSERT INTO sqlite_sequence(name, seq) VALUES('requests', 32767);

CREATE TABLE approvals(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  request INTEGER NOT NULL,
  person TEXT NOT NULL CHECK(person <> ''),
  at_us INTEGER NOT NULL,
  for_us INTEGER NOT NULL CHECK(for_us > 0),
  public_key TEXT NOT NULL,
  signature TEXT NOT NULL,
  signed_text TEXT NOT NULL,
  CHECK((public_key = '') = (signature = '')),
  CHECK(signature = '' OR signed_text <> '')
) STRICT;
CREATE UNIQUE INDEX approvals_once ON approvals(request, person);
INSERT INTO sqlite_sequence(name, seq) VALUES('approvals', 0);

ALTER TABLE grants ADD COLUMN request INTEGER CHECK(request IS NULL OR request > 0);
ALTER TABLE grants ADD COLUMN break_glass INTEGER NOT NULL DEFAULT 0 CHECK(break_glass IN (0, 1));
ALTER TABLE grants ADD COLUMN first_use_us INTEGER CHECK(first_use_us IS NULL OR first_use_us > 0);
CREATE UNIQUE INDEX grants_request ON grants(request) WHERE request IS NOT NULL;

-- One row for each break-glass grant, made with it; without a person until it is signed off.
CREATE TABLE reviews(
  number INTEGER PRIMARY KEY, -- the grant's
  person TEXT CHECK(person <> ''),
  note TEXT,
  at_us INTEGER,
  CHECK((person IS NULL) = (note IS NULL)),
  CHECK((person IS NULL) = (at_us IS NULL))
) STRICT;
CREATE INDEX reviews_missing ON reviews(number) WHERE person IS NULL;

ALTER TABLE meta ADD COLUMN exported_sequence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN requests_skipped INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER requests_ended_is_final BEFORE UPDATE ON requests WHEN OLD.state <> 0
BEGIN SELECT RAISE(ABORT, 'an ended request does not change'); END;
CREATE TRIGGER requests_frozen
BEFORE UPDATE OF number, person, resource, role, reason, read_write, break_glass, first_use, is_signed, needs, for_us,
  start_us, extends, rule, made_by, made_us, lapses_us, scopes ON requests
BEGIN SELECT RAISE(ABORT, 'what was asked for does not change'); END;
CREATE TRIGGER requests_kept BEFORE DELETE ON requests
BEGIN SELECT RAISE(ABORT, 'requests are kept'); END;
CREATE TRIGGER requests_not_reused BEFORE INSERT ON requests
WHEN NEW.number <= (SELECT seq FROM sqlite_sequence WHERE name = 'requests')
BEGIN SELECT RAISE(ABORT, 'request numbers are not reused'); END;
CREATE TRIGGER requests_begin_pending BEFORE INSERT ON requests WHEN NEW.state <> 0
BEGIN SELECT RAISE(ABORT, 'a request begins pending'); END;
CREATE TRIGGER requests_prolong_their_own BEFORE INSERT ON requests
WHEN NEW.extends IS NOT NULL AND NOT EXISTS(
  SELECT 1 FROM grants WHERE number = NEW.extends AND person = NEW.person AND resource = NEW.resource)
BEGIN SELECT RAISE(ABORT, 'only a grant of the same person and resource is prolonged'); END;
CREATE TRIGGER requests_granted_once BEFORE UPDATE OF state ON requests
WHEN NEW.state = 1 AND NOT EXISTS(SELECT 1 FROM grants WHERE number = NEW.granted AND request = NEW.number)
BEGIN SELECT RAISE(ABORT, 'a request is granted by the grant made for it'); END;
CREATE TRIGGER requests_granted_when_approved BEFORE UPDATE OF state ON requests
WHEN NEW.state = 1 AND (SELECT count(*) FROM approvals WHERE request = NEW.number) < NEW.needs
BEGIN SELECT RAISE(ABORT, 'a request is not granted before its approvals are there'); END;

CREATE TRIGGER approvals_of_pending BEFORE INSERT ON approvals
WHEN NOT EXISTS(SELECT 1 FROM requests WHERE number = NEW.request AND state = 0)
BEGIN SELECT RAISE(ABORT, 'only a pending request is approved'); END;
CREATE TRIGGER approvals_by_others BEFORE INSERT ON approvals
WHEN NEW.person = (SELECT person FROM requests WHERE number = NEW.request)
BEGIN SELECT RAISE(ABORT, 'nobody approves their own request'); END;
CREATE TRIGGER approvals_signed BEFORE INSERT ON approvals
WHEN NEW.signature = '' AND (SELECT is_signed FROM requests WHERE number = NEW.request) = 1
BEGIN SELECT RAISE(ABORT, 'this request is approved by a signature only'); END;
CREATE TRIGGER approvals_not_longer BEFORE INSERT ON approvals
WHEN NEW.for_us > (SELECT for_us FROM requests WHERE number = NEW.request)
BEGIN SELECT RAISE(ABORT, 'no more is approved than was asked for'); END;
-- REPLACE would take the older row away without a DELETE that a trigger sees.
CREATE TRIGGER approvals_not_replaced BEFORE INSERT ON approvals
WHEN EXISTS(SELECT 1 FROM approvals WHERE number = NEW.number)
  OR EXISTS(SELECT 1 FROM approvals WHERE request = NEW.request AND person = NEW.person)
BEGIN SELECT RAISE(ABORT, 'a person approves a request once'); END;
CREATE TRIGGER approvals_frozen BEFORE UPDATE ON approvals
BEGIN SELECT RAISE(ABORT, 'an approval does not change'); END;
CREATE TRIGGER approvals_kept BEFORE DELETE ON approvals
BEGIN SELECT RAISE(ABORT, 'approvals are kept'); END;

CREATE TRIGGER grants_of_a_request BEFORE INSERT ON grants
WHEN NEW.request IS NOT NULL AND NOT EXISTS(
  SELECT 1 FROM requests WHERE number = NEW.request AND state = 0 AND person = NEW.person
  AND resource = NEW.resource AND break_glass = NEW.break_glass)
BEGIN SELECT RAISE(ABORT, 'a grant comes of a pending request for the same'); END;
CREATE TRIGGER grants_once_a_request BEFORE INSERT ON grants
WHEN EXISTS(SELECT 1 FROM grants WHERE request = NEW.request)
BEGIN SELECT RAISE(ABORT, 'a request has one grant'); END;
CREATE TRIGGER grants_origin_frozen BEFORE UPDATE OF request, break_glass, first_use_us ON grants
BEGIN SELECT RAISE(ABORT, 'how a grant came about does not change'); END;
CREATE TRIGGER grants_to_review AFTER INSERT ON grants WHEN NEW.break_glass = 1
BEGIN INSERT INTO reviews(number) VALUES(NEW.number); END;

CREATE TRIGGER reviews_of_break_glass BEFORE INSERT ON reviews
WHEN NEW.person IS NOT NULL OR NOT EXISTS(SELECT 1 FROM grants WHERE number = NEW.number AND break_glass = 1)
BEGIN SELECT RAISE(ABORT, 'only break-glass grants wait to be signed off'); END;
CREATE TRIGGER reviews_not_replaced BEFORE INSERT ON reviews
WHEN EXISTS(SELECT 1 FROM reviews WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'a grant is signed off once'); END;
CREATE TRIGGER reviews_by_others BEFORE UPDATE ON reviews
WHEN NEW.person = (SELECT person FROM grants WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'nobody signs their own grant off'); END;
CREATE TRIGGER reviews_final BEFORE UPDATE ON reviews WHEN OLD.person IS NOT NULL OR NEW.number <> OLD.number
BEGIN SELECT RAISE(ABORT, 'a review does not change'); END;
CREATE TRIGGER reviews_kept BEFORE DELETE ON reviews
BEGIN SELECT RAISE(ABORT, 'reviews are kept'); END;
)sql",
    R"sql(
-- What may be told to us again after a restart has a name, and one record.
ALTER TABLE audit ADD COLUMN once TEXT;
CREATE UNIQUE INDEX audit_once ON audit(once) WHERE once IS NOT NULL;
)sql",
    R"sql(
-- Memberships that may be there because of us: written before one is given, gone after it was taken back.
CREATE TABLE memberships(
  system TEXT NOT NULL CHECK(system <> ''),
  account TEXT NOT NULL CHECK(account <> ''),
  role TEXT NOT NULL CHECK(role <> ''),
  given INTEGER NOT NULL CHECK(given IN (0, 1)), -- 0: it may be there, or not
  PRIMARY KEY(system, account, role)
) STRICT, WITHOUT ROWID;
)sql",
    R"sql(
-- What asks for an end ends then, however late it is approved. An extension always did.
ALTER TABLE requests ADD COLUMN until_us INTEGER CHECK(until_us > made_us);
UPDATE requests SET until_us = made_us + for_us WHERE extends IS NOT NULL AND state = 0;
CREATE TRIGGER requests_end_frozen BEFORE UPDATE OF until_us ON requests
BEGIN SELECT RAISE(ABORT, 'what was asked for does not change'); END;
CREATE TRIGGER requests_prolong_to_an_end BEFORE INSERT ON requests
WHEN NEW.extends IS NOT NULL AND NEW.until_us IS NULL
BEGIN SELECT RAISE(ABORT, 'an extension has an end'); END;
)sql",
};
inline constexpr int32_t schema_version = sizeof schema_steps / sizeof *schema_steps;

}  // namespace grantd::store
