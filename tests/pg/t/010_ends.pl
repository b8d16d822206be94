# SPDX-License-Identifier: Apache-2.0
# The window ends with people inside, whatever their session is doing: all are gone within a second of it, nobody
# before it, and the server does not restart. The slack is for a loaded machine; how late each was is printed.
use strict;
use warnings;
use Grantd;
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;

my $late_limit = 1;
my $node = server(
	streaming => 'logical',
	hba => "local all all trust\nlocal replication all trust\n",
	conf => "max_connections = 50\nmax_worker_processes = 16\nmax_parallel_workers_per_gather = 2\n");
$node->safe_psql('postgres', <<'END');
create role alice login replication;
create role clerk;
grant clerk to alice;
create database orders;
END
$node->safe_psql('orders', <<'END');
create table parts as select n from generate_series(1, 20000) n;
create table busy (n int);
grant all on all tables in schema public to alice;
alter table parts set (parallel_workers = 2);
analyze parts;
END

my @scopes = (
	[ database => 'orders' ], [ database => 'orders', replication => 1 ], [ database => '', replication => 1 ]);
sub windows { my (%more) = @_; return map { record('window', id => 'pg:alice', role => 'alice', @$_, %more) } @scopes; }

my $admin = session($node, user => 'postgres', database => 'orders');
sub activity
{
	my ($pid, $condition) = @_;
	my $did = statement($admin, "select 1 from pg_stat_activity where pid = $pid and ($condition)");
	die $did->{errors}[0]{M} if @{ $did->{errors} };
	return scalar @{ $did->{rows} };
}

my %alice = (user => 'alice', database => 'orders');

# Sends the statements; all but the last one are waited for.
sub doing
{
	my (@statements) = @_;
	my $last = pop @statements;
	my $s = session($node, %alice);
	statement($s, $_) for @statements;
	send_message($s, 'Q', "$last\0");
	return $s;
}

sub walsender
{
	my ($create, $start, %parameters) = @_;
	my $s = session($node, %parameters);
	my $at = statement($s, 'IDENTIFY_SYSTEM')->{rows}[0][2];
	statement($s, $create) if $create;
	$start =~ s/LSN/$at/;
	send_message($s, 'Q', "$start\0");
	return $s;
}

my $psql;
sub stopped_psql
{
	my ($in, $out) = ('', '');
	$psql = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', 'host=' . $node->host . ' port=' . $node->port . ' dbname=orders user=alice' ],
		'<', \$in, '>', \$out, '2>', \$out);
	$in .= "select 'pid', pg_backend_pid();\n\\o /dev/null\n";
	my $pid = eventually { $psql->pump_nb; $out =~ /pid\|(\d+)/ ? $1 : 0 } 'psql is in';
	kill 'STOP', $psql->{KIDS}[0]{PID};
	return { pid => $pid };
}

my $idle = q{state = 'idle'};
my $sleeps = q{wait_event = 'PgSleep'};
# The logical one first: making its slot waits for every transaction that writes.
my @cases = (
	[ 'a logical walsender',
		sub { walsender('CREATE_REPLICATION_SLOT mine LOGICAL test_decoding', 'START_REPLICATION SLOT mine LOGICAL LSN', %alice, replication => 'database') },
		q{backend_type = 'walsender' and wait_event in ('WalSenderMain', 'WalSenderWaitForWAL', 'WalSenderWaitWAL')} ],
	[ 'a connection that never sent a statement', sub { session($node, %alice) }, 'query = $$$$' ],
	[ 'idle', sub { doing('select 1') }, $idle ],
	[ 'idle in transaction', sub { doing('begin', 'select 1') }, q{state = 'idle in transaction'} ],
	[ 'after select 1/0', sub { doing('select 1', 'select 1/0') }, $idle ],
	[ 'in an aborted transaction', sub { doing('begin', 'select 1/0') }, q{state = 'idle in transaction (aborted)'} ],
	[ 'a long query', sub { doing('select count(*) from generate_series(1, 1000000000000)') }, q{state = 'active'} ],
	[ 'pg_sleep', sub { doing('select pg_sleep(900)') }, $sleeps ],
	[ 'a loop that swallows exceptions', sub { doing(<<'END') }, $sleeps ],
do $$ begin
	loop
		begin
			perform pg_sleep(900);
		exception when others or query_canceled then null;
		end;
	end loop;
end $$
END
	[ 'COPY to a client that does not read',
		sub { doing(q{copy (select repeat('x', 8000) from generate_series(1, 1000000)) to stdout}) }, q{wait_event = 'ClientWrite'} ],
	[ 'COPY from a client that sends nothing', sub { doing('copy parts from stdin') }, q{state = 'active' and wait_event = 'ClientRead'} ],
	[ 'a physical walsender',
		sub { walsender('', 'START_REPLICATION LSN', user => 'alice', replication => '1') }, q{backend_type = 'walsender' and wait_event = 'WalSenderMain'} ],
	[ 'a walsender that does nothing', sub { session($node, user => 'alice', replication => '1') }, q{backend_type = 'walsender'} ],
	[ 'SET ROLE', sub { doing('set role clerk', 'select current_user') }, $idle ],
	[ 'settings that silence', sub { doing('set client_min_messages = error', q{set statement_timeout = '1h'}, 'select pg_sleep(900)') }, $sleeps ],
	[ 'a parallel query',
		sub { doing('set parallel_setup_cost = 0', 'set parallel_tuple_cost = 0', 'set min_parallel_table_scan_size = 0',
				q{select sum(length(pg_sleep(0.5)::text || n)) from parts}) },
		q{exists (select from pg_stat_activity w where w.leader_pid = pg_stat_activity.pid and w.pid <> w.leader_pid)} ],
	[ 'listening', sub { doing('listen news', 'select 1') }, $idle ],
	[ 'waiting for a lock in a DO', sub { statement($admin, 'begin; lock table busy'); doing('do $$ begin lock table busy; end $$') }, q{wait_event_type = 'Lock'} ],
	[ 'a client that is stopped', \&stopped_psql, $idle ]);

truth(windows());
my %inside;
for (@cases)
{
	my ($name, $start, $condition) = @$_;
	$condition = q{query = ''} if $condition =~ /^query/;
	my $s = $start->();
	eventually { statement($admin, 'select pg_stat_clear_snapshot()'); activity($s->{pid}, $condition) } "$name: is doing it";
	$inside{$name} = $s;
}
# Other people's, at the same time: they stay.
my $breakglass = session($node, user => 'postgres', database => 'orders');

my $parallel = $inside{'a parallel query'}{pid};
my @helpers = map { $_->[0] } @{ statement($admin, "select pid from pg_stat_activity where leader_pid = $parallel and pid <> leader_pid")->{rows} };
cmp_ok(scalar @helpers, '>', 0, 'the parallel query has workers');
$inside{"a parallel worker ($_)"} = { pid => $_ } for @helpers;

# Long enough for everybody to have asked again, with or without a worker to poke them.
truth(windows(end => 7));
my $end = published_at() + 7;
my $mark = log_mark($node);
my %gone;
eventually {
	for my $name (keys %inside)
	{
		$gone{$name} //= boot_now() if is_gone($inside{$name}{pid});
	}
	keys %gone == keys %inside || boot_now() > $end + 10;
}
'they are gone', 30;
for my $name (sort keys %inside)
{
	my $late = defined $gone{$name} ? $gone{$name} - $end : 9999;
	cmp_ok($late, '<=', $late_limit, sprintf '%s: gone %.3f s after the end', $name, $late);
	cmp_ok($late, '>=', 0, "$name: not before it");
}
my $log = log_since($node, $mark);
for my $name (grep { !/parallel worker/ } sort keys %inside)
{
	my $pid = $inside{$name}{pid};
	like($log, qr/\[$pid\] .* 57P01 FATAL:  terminating connection: grant g-\S+ .*ended at \d/, "$name: the log says why");
}
ok(!is_gone($breakglass->{pid}), 'somebody else is inside still');
is(statement($breakglass, 'select 1')->{rows}[0][0], '1', 'and works');
is(statement($admin, 'select 1')->{rows}[0][0], '1', 'the administrator, too');
kill 'CONT', $psql->{KIDS}[0]{PID};
$psql->finish;
unlike(slurp_file($node->logfile), qr/terminating any other active server processes|reinitializing|was terminated by signal|PANIC|TRAP/,
	'the server did not restart');

done_testing();
