-- SPDX-License-Identifier: Apache-2.0
-- What the adapter for PostgreSQL needs in a cluster: once, as a superuser, in the database that its connection names.
--   psql -d postgres -f /usr/share/grantd/postgresql.sql
-- and then for each role that grants may carry:
--   GRANT orders_reader TO "grantd-provision" WITH ADMIN OPTION;
BEGIN;
-- It logs in by peer as the user of that name, and is not gated: add it to grantd.service_roles.
CREATE ROLE "grantd-provision" LOGIN;
-- To end sessions that could still use a role which was taken back. Superusers' sessions it cannot end.
GRANT pg_signal_backend TO "grantd-provision";
CREATE SCHEMA grantd_provision AUTHORIZATION "grantd-provision";
-- What was given, and only that is taken back. Names as grantd has them; oids, because roles can be renamed.
CREATE TABLE grantd_provision.memberships(
  account text NOT NULL,
  role text NOT NULL,
  member oid NOT NULL,
  roleid oid NOT NULL,
  since timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY(account, role)
);
ALTER TABLE grantd_provision.memberships OWNER TO "grantd-provision";
COMMIT;
