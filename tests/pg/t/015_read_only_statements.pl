# SPDX-License-Identifier: Apache-2.0
# Commands in a read-only session: all that makes, changes or drops, and what the server itself lets a read-only
# transaction do (VACUUM, COPY TO a program, ALTER SYSTEM, two-phase commit, strong locks, LOAD).
use strict;
use warnings;
use Grantd;
use PostgreSQL::Test::Utils;
use ReadOnly;
use Test::More;

my $node = reading_server(sql => [ <<'END' ]);
create function pipes() returns void language plpgsql security definer as $$ begin copy (select 1) to program 'touch written_by_program'; end $$;
create function files() returns void language plpgsql security definer as $$ begin execute 'copy (select 1) to ' || quote_literal(current_setting('data_directory') || '/written_to_file'); end $$;
create function from_program() returns void language plpgsql security definer as $$ begin copy t from program 'echo 11'; end $$;
create function loads() returns void language plpgsql security definer as $$ begin load 'plpgsql'; end $$;
create function checkpoints() returns void language plpgsql security definer as $$ begin checkpoint; end $$;
create function alters_system() returns void language plpgsql as $$ begin execute 'alter system set work_mem = ''5MB'''; end $$;
grant execute on all functions in schema public to alice;
END
as_boss('grant alter system on parameter work_mem to alice') if $node->pg_version >= 15;

my $s = come_in_to('read-only');
my $w = come_in_to('read-write');

sub refuses { my ($what, @sql) = @_; return attempt($s, $w, $what, qr/cannot execute \Q$what\E in a read-only (?:session|transaction)/, @sql); }

refuses('CREATE TABLE', 'create table made (n integer)');
refuses('CREATE TABLE', 'create temporary table made (n integer)');
refuses('CREATE TABLE AS', 'create temporary table made_as as select 1');
refuses('SELECT INTO', 'select 1 as n into temporary made_into');
refuses('ALTER TABLE', 'alter table t set (fillfactor = 90)');
refuses('DROP TABLE', 'drop table if exists made');
refuses('TRUNCATE TABLE', 'begin', 'truncate t', 'rollback');
refuses('CREATE INDEX', 'create index on t (n)');
refuses('CREATE FUNCTION', 'create function made() returns void language sql as $$ $$');
refuses('CREATE VIEW', 'create or replace temporary view made_view as select 1');
refuses('REFRESH MATERIALIZED VIEW', 'refresh materialized view m');
refuses('GRANT', 'grant select on t to public');
refuses('COMMENT', q{comment on table t is 'written'});
refuses('CREATE ROLE', 'create role made');
refuses('ALTER ROLE', 'alter role alice set default_transaction_read_only = off');
refuses('CREATE DATABASE', 'create database made');
refuses('CREATE SEQUENCE', 'create sequence made_sequence');
refuses('REASSIGN OWNED', 'reassign owned by alice to alice');
refuses('VACUUM', 'vacuum t');
refuses('ANALYZE', 'analyze t');
refuses('REINDEX', 'reindex table t');
refuses('CLUSTER', 'cluster t using t_n');
attempt($s, $w, 'CHECKPOINT', qr/cannot execute CHECKPOINT in a read-only session/, 'select checkpoints()');
attempt($s, $w, 'LOAD', qr/cannot execute LOAD in a read-only session/, 'select loads()');
refuses('ALTER SYSTEM', q{alter system set work_mem = '5MB'}) if $node->pg_version >= 15;
attempt($s, undef, 'ALTER SYSTEM in a function', qr/cannot execute ALTER SYSTEM in a read-only session/, 'select alters_system()');
attempt($s, $w, 'EXPLAIN ANALYZE CREATE TABLE AS', qr/cannot (?:create a database object|execute CREATE TABLE AS) in a read-only/,
	'begin', 'explain analyze create table made_explained as select 1', 'commit');

# Files and programs of the server.
attempt($s, $w, 'COPY TO PROGRAM', qr/cannot execute COPY with a program/, 'select pipes()');
attempt($s, $w, 'COPY TO a file', qr/cannot execute COPY with a file of the server/, 'select files()');
attempt($s, $w, 'COPY FROM PROGRAM', qr/cannot execute COPY with a program/, 'select from_program()');

# Locks that keep others from their work.
for my $mode ('row share', 'row exclusive', 'share', 'access exclusive')
{
	attempt($s, $w, "LOCK IN \U$mode\E MODE", qr/cannot execute LOCK TABLE above ACCESS SHARE MODE/, 'begin', "lock table t in $mode mode", 'commit');
}

# Two-phase commit, both halves.
attempt($s, $w, 'PREPARE TRANSACTION', qr/cannot execute PREPARE TRANSACTION/, 'begin', 'select 1', q{prepare transaction 'left'});
attempt($s, $w, 'COMMIT PREPARED', qr/cannot execute COMMIT PREPARED/, q{commit prepared 'left'});
succeeds($w, 'another is prepared', 'begin', 'insert into t values (1)', q{prepare transaction 'right'});
attempt($s, $w, 'ROLLBACK PREPARED', qr/cannot execute ROLLBACK PREPARED/, q{rollback prepared 'right'});

done_testing();
