# SPDX-License-Identifier: Apache-2.0
# What a read-only session can still do: read in every way, dump the database, and, on purpose, LISTEN, NOTIFY and take
# advisory locks.
use strict;
use warnings;
use Grantd;
use PostgreSQL::Test::Utils;
use ReadOnly;
use Test::More;

my $node = reading_server();
my $s = come_in_to('read-only');
my $other = come_in_to('read-only');
my $w = come_in_to('read-write');

succeeds($s, $_, $_) for split /\n/, <<'END';
select * from t join v using (n) order by n
with recursive x as (select 1 as n union all select n + 1 from x where n < 10) select sum(n), random(), clock_timestamp(), gen_random_uuid() from x
table m
explain (analyze, buffers) select * from t
copy t to stdout
copy (select * from t) to stdout
select last_value, is_called from s
select lo_get(4711)
select * from information_schema.tables, pg_stat_activity, pg_locks, pg_settings limit 10
select query_to_xml('select 1 as n', true, true, '')
do $$ declare n integer; begin begin perform 1 / 0; exception when division_by_zero then select count(*) into n from t; end; end $$
set work_mem = '8MB'
set transaction_read_only = on
begin read only
begin isolation level serializable read only deferrable
set session characteristics as transaction read only
reset all
discard all
listen news
unlisten *
select pg_advisory_lock(1), pg_try_advisory_lock(2), pg_advisory_unlock(1), pg_advisory_unlock_all()
select pg_sleep(0)
select pg_current_wal_lsn(), pg_current_snapshot(), txid_current_if_assigned(), pg_is_in_recovery()
set constraints all deferred
set role alice
reset role
END
sub several { my ($name, @sql) = @_; return succeeds($s, $name, @sql); }
several('a transaction with savepoints', 'begin', 'savepoint a', 'select 1', 'release a', 'savepoint b', 'rollback to b', 'select n from t', 'commit');
several('a cursor', 'begin', 'declare c scroll cursor with hold for select * from t', 'fetch all c', 'move backward all c', 'commit', 'fetch c', 'close c');
several('a prepared statement', 'prepare p (integer) as select * from t where n = $1', 'execute p (1)', 'explain execute p (1)', 'deallocate p');
several('ACCESS SHARE, as pg_dump takes it', 'begin', 'lock table t in access share mode', 'select 1', 'commit');
several('a large object by its descriptor', 'begin', q{select loread(lo_open(4711, x'40000'::int), 100)}, 'commit');
several('a snapshot for others', 'begin isolation level repeatable read', 'select pg_export_snapshot()', 'commit');

# Words to others arrive.
statement($other, 'listen news');
several('NOTIFY', q{notify news, 'one'}, 'begin', q{select pg_notify('news', 'two')}, 'commit');
my @heard;
while (@heard < 2)
{
	send_message($other, 'Q', "select 1\0");
	while (my ($type, $body) = next_message($other))
	{
		push @heard, (split /\0/, substr $body, 4)[1] if $type eq 'A';
		last if $type eq 'Z';
	}
}
is_deeply(\@heard, [ 'one', 'two' ], 'NOTIFY: heard');

# An advisory lock is one for those that write, too.
statement($s, 'select pg_advisory_lock(7)');
is(statement($w, 'select pg_try_advisory_lock(7)')->{rows}[0][0], 'f', 'an advisory lock holds');

# pg_dump, all in one and by several; the dump is whole.
windows('read-only');
my @from = ('-h', $node->host, '-p', $node->port, '-U', 'alice', '-w');
my ($status, $out, $err) = run_dump('pg_dump', @from, 'orders');
is($status, 0, 'pg_dump: works') or diag($err);
like($out, qr/^COPY public\.t \(n\) FROM stdin;\n1$/m, 'pg_dump: rows');
like($out, qr/SELECT pg_catalog\.lowrite\(0,/, 'pg_dump: large objects');
($status, $out, $err) = run_dump('pg_dump', @from, '-j', 2, '-Fd', '-f', "$ENV{TESTDATADIR}/dump", 'orders');
is($status, 0, 'pg_dump -j 2: works') or diag($err);

sub run_dump
{
	my @command = @_;
	my ($stdout, $stderr) = ('', '');
	IPC::Run::run(\@command, '>', \$stdout, '2>', \$stderr);
	return ($? >> 8, $stdout, $stderr);
}

done_testing();
