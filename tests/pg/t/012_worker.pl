# SPDX-License-Identifier: Apache-2.0
# The worker: a change of the window table reaches the backends at once, wherever the table is; with the worker ended
# or stopped the end still comes; nobody but a gated backend is ever poked; the cluster is never restarted.
use strict;
use warnings;
use Grantd;
use Inside;
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = server(hba => 'local all all trust', conf => "grantd.service_roles = 'replicator'\nmax_connections = 260");
$node->safe_psql('postgres', <<'END');
create role alice login;
create role bob login;
create role replicator login;
create database orders;
END
my @alice = (user => 'alice', database => 'orders');
sub window { return record('window', id => 'pg:alice', role => 'alice', database => 'orders', @_); }
sub revoked { return record('ended', id => 'pg:alice', role => 'alice', database => 'orders', how => 'revoked', ago => 0); }

# How late each of these went, seconds; the longest.
sub all_gone
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($since, $most, $name, @sessions) = @_;
	my @late = map { gone_after($_, $since) // 99 } @sessions;
	my ($longest) = sort { $b <=> $a } @late;
	cmp_ok($longest, '<', $most, sprintf '%s: gone after %.0f ms', $name, $longest * 1000);
	return;
}

sub reconnect_worker
{
	my ($before) = @_;
	wait_for(sub { my $pid = worker_pid($node); $pid && $pid != $before });
	return worker_pid($node);
}

truth(window());
ok(wait_for(sub { worker_pid($node) }), 'the worker runs');
my $worker = worker_pid($node);

# A change reaches those it concerns, at once.
my ($session, $other) = (come_in($node, @alice), come_in($node, @alice, user => 'replicator'));
my $since = time;
truth(revoked());
all_gone($since, 1, 'revoked', $session);
is($session->{error}{C}, '57P01', 'revoked: ended by FATAL');
ok(is_inside($other), 'a service role stays');

truth(window());
$session = come_in($node, @alice);
my $pid = $session->{pid};
truth(window(end => 7200));
truth(window(end => 7200), record('window', id => 'pg:bob', role => 'bob'));
ok(is_inside($session), 'extended: stays');
is(ask($session, 'select pg_backend_pid()'), $pid, 'extended: in the same backend');
truth(window(end => 2));
$since = time + 2;
all_gone($since, 1, 'shortened', $session);
cmp_ok(time - $since, '>=', -0.5, 'shortened: not before its new end');

# The table's directory is made anew.
truth(window());
$session = come_in($node, @alice);
(my $directory = table_file()) =~ s{/[^/]+$}{};
rename $directory, "$directory.old" or die;
mkdir $directory, 0755 or die;
truth(window());
ok(is_inside($session), 'another directory, the same window: stays');
$since = time;
truth(revoked());
all_gone($since, 1, 'revoked in another directory', $session);

# The setting names another directory.
truth(window());
$session = come_in($node, @alice);
my $elsewhere = "$ENV{TESTDATADIR}/elsewhere";
mkdir $elsewhere, 0755 or die;
system('cp', '-p', table_file(), "$elsewhere/windows") == 0 or die;
reload($node, 'grantd.table' => "$elsewhere/windows");
ok(wait_for(sub { setting_is_elsewhere() }), 'grantd.table is another');
ok(is_inside($session), 'another table, the same window: stays');
truth(revoked());
ok(is_inside($session), 'what the old one says is nothing to it');
system('cp', '-p', table_file(), "$elsewhere/next") == 0 or die;
$since = time;
rename "$elsewhere/next", "$elsewhere/windows" or die;
all_gone($since, 1, 'revoked in another table', $session);
reload($node, 'grantd.table' => table_file());

sub setting_is_elsewhere { return $node->safe_psql('postgres', q{select current_setting('grantd.table')}) eq "$elsewhere/windows"; }

# Many at once.
truth(window());
my @many = map { come_in($node, @alice) } 1 .. 200;
$since = time;
truth(revoked());
all_gone($since, 2, '200 revoked at once', @many);

# The worker is ended: another one is there soon, and nothing else is restarted.
truth(window());
$session = come_in($node, @alice);
$pid = $session->{pid};
$worker = worker_pid($node);
is(kill('TERM', $worker), 1, 'the worker was told to end');
my $next = reconnect_worker($worker);
isnt($next, 0, 'ended: there is another');
isnt($next, $worker, 'ended: it is another');
is(state_of($worker), '', 'ended: the old one is gone');
like(slurp_file($node->logfile), qr/background worker "grantd" \(PID $worker\) exited with exit code 1/, 'ended: exit code 1');
is(ask($session, 'select pg_backend_pid()'), $pid, 'ended: the session knows nothing of it');
$since = time;
truth(revoked());
all_gone($since, 1, 'revoked, after the worker was ended', $session);

# The worker is stopped: the timers go on, and backends ask by themselves every 5 s.
truth(window(end => 3));
$since = time + 3;
$session = come_in($node, @alice);
$worker = worker_pid($node);
is(kill('STOP', $worker), 1, 'the worker was told to stop');
ok(wait_for(sub { state_of($worker) eq 'T' }), 'stopped');
all_gone($since, 1, 'the end, the worker stopped', $session);
truth(window());
$session = come_in($node, @alice);
$since = time;
truth(revoked());
all_gone($since, 6, 'revoked, the worker stopped', $session);
is(state_of($worker), 'T', 'it was stopped all the while');
kill('CONT', $worker);
truth(window());
$session = come_in($node, @alice);
$since = time;
truth(revoked());
all_gone($since, 1, 'revoked, the worker awake again', $session);

# Everybody is poked all the time, while sessions of both kinds come and go: a poke that finds somebody else would
# end them (the default action of the signal) and restart the cluster.
truth(window());
my $publisher_out = '';
open my $truth, '>', "$ENV{TESTDATADIR}/truth" or die;
print $truth window();
close $truth;
my $publisher = IPC::Run::start([ "$ENV{GRANTD_DIR}/write_table", table_file(), '--again' ], '<', "$ENV{TESTDATADIR}/truth",
	'>', \$publisher_out, IPC::Run::timeout(180));
$publisher->pump until $publisher_out =~ /published/;
my @staying = map { come_in($node, @alice) } 1 .. 20;
my ($came, $wrong) = (0, 0);
my $until = time + 10;
while (time < $until)
{
	my @short = map { come_in($node, @alice, user => $_) } qw(alice replicator alice replicator);
	$wrong += grep { !is_inside($_) } @short;
	$came += @short;
	# Some hang up, some say good-bye.
	dismiss($short[0]);
	dismiss($short[1]);
}
cmp_ok($came, '>', 100, "poked all the time: $came sessions came and went");
is($wrong, 0, 'none of them was ended');
is(scalar(grep { !is_inside($_) } @staying), 0, 'nor one of those that stayed');
$publisher->kill_kill(grace => 0);

never_crashed($node);
$node->stop;
unlike(slurp_file($node->logfile), qr/terminated by signal/, 'stopped in peace');
done_testing();
