# SPDX-License-Identifier: Apache-2.0
# What grantd hears of who is inside (PROTOCOL.md, "Presence"; decoded by hand): at once what changed, the rest again
# and again, whatever grantd or the worker did meanwhile; who should be gone and is not; who was never asked.
use strict;
use warnings;
use Grantd;
use Inside;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $path = "$ENV{TESTDATADIR}/presence.sock";
my $socket = listen_at($path);
my $node = server(
	hba => "local replication all trust\nlocal all all trust\n", streaming => 1,
	conf => "grantd.report = '$path'\ngrantd.cluster = 'second'\ngrantd.service_roles = 'replicator'\nmax_connections = 100");
$node->safe_psql('postgres', <<'END');
create role alice login replication;
create role bob login;
create role replicator login;
create database orders;
END
my @alice = (user => 'alice', database => 'orders');
my @window = (id => 'pg:alice', role => 'alice', cluster => 'second');
sub boot { my ($up) = slurp_file('/proc/uptime') =~ /^([\d.]+)/; return $up; }

# Live, at once and field by field.
truth(record('lock', id => 'pg:nobody'), record('window', @window, database => 'orders', end => 100));
my $session = come_in($node, @alice);
my $live = soon($socket, 5, state => 'live', pid => $session->{pid}) // {};
my %expected = (magic => 'gdp1', cause => 'none', proved_by => 2, point => 2, access => 2, flags => 0, number => 1, grant => 2,
	zero => 0, trailing => 0, name => 'alice', place => 'second', database => 'orders', role => 'alice', remote => '[local]', text => '');
is_deeply({ map { $_ => $live->{$_} } keys %expected }, \%expected, 'live: its fields');
isnt($live->{run}, 0, 'live: a run');
cmp_ok(abs($live->{since} / 1e9 - boot()), '<', 5, 'live: since now');
cmp_ok(abs($live->{until} / 1e9 - boot() - 100), '<', 5, 'live: until the end of its window');
my $run = $live->{run};

# An extension moves the end; a narrower access and physical replication are told.
truth(record('lock', id => 'pg:nobody'), record('window', @window, database => 'orders', end => 500));
my $moved;
ok(wait_for(sub { ($moved) = grep { $_->{until} != $live->{until} } heard_of($socket, state => 'live', number => 1); $moved }, 5),
	'extended: told');
cmp_ok($moved->{until} - $live->{until}, '>', 390e9, 'extended: the new end');
truth(record('window', @window, id => 'pg:bob', role => 'bob', database => 'orders', access => 'read-only'), record('window', @window, replication => 1));
my $reader = come_in($node, user => 'bob', database => 'orders');
is((soon($socket, 5, number => 2) // {})->{access}, 1, 'read-only: told');
my $streamer = come_in($node, user => 'alice', replication => 'true');
is((soon($socket, 5, number => 3) // {})->{flags}, 1, 'replication: told');
is((soon($socket, 12, number => 3, state => 'live') // {})->{database}, '', 'physical replication: no database');
dismiss($_) for $reader, $streamer;
my $read = soon($socket, 5, number => 2, state => 'ended') // {};
is($read->{cause}, 'closed', 'left by itself: closed');
cmp_ok(abs($read->{until} / 1e9 - boot()), '<', 5, 'left by itself: when');

# A refusal is no session; numbers have no gaps.
heard_of($socket);
truth(record('window', @window));
login($node, 'dbname=orders user=bob');
my $second = come_in($node, @alice);
is((soon($socket, 5, pid => $second->{pid}) // {})->{number}, 4, 'the next number, though one was refused meanwhile');

# Again and again, both the living and the dead.
my $first = soon($socket, 15, number => 4) // { at => 0 };
my $again = soon($socket, 15, number => 4) // { at => 0 };
cmp_ok($again->{at} - $first->{at}, '>', 5, 'live: not told all the time');
ok(soon($socket, 15, number => 2, state => 'ended'), 'ended: told again');

# A grantd that was away hears all of it soon after it publishes.
close $socket;
my $third = come_in($node, @alice);
$socket = listen_at($path);
truth(record('window', @window));
my %back;
ok(wait_for(sub { $back{ $_->{number} } = 1 for heard_of($socket); $back{2} && $back{4} && $back{5} }, 3),
	'grantd is back: it hears of those that ended, stayed and came');

# More than its queue takes: nothing is lost for long.
my @many = map { come_in($node, @alice) } 1 .. 40;
my %heard;
ok(wait_for(sub { $heard{ $_->{pid} } = 1 for heard_of($socket, state => 'live'); !grep { !$heard{ $_->{pid} } } @many }, 8),
	'forty at once: it hears of all');
dismiss($_) for @many;

# The worker's next life tells of the same run and the same numbers.
my $worker = worker_pid($node);
kill 'TERM', $worker;
ok(wait_for(sub { my $pid = worker_pid($node); $pid && $pid != $worker }), 'another worker');
heard_of($socket);
my $after = soon($socket, 12, state => 'live', pid => $third->{pid}) // {};
is($after->{run}, $run, 'another worker: the same run');
is($after->{number}, 5, 'another worker: the same number');
ok(soon($socket, 12, number => 2, state => 'ended'), 'another worker: it knows who had ended');

# How they ended.
truth(record('ended', @window, how => 'given-back', ago => 0));
ok(defined gone_after($third, time, 5), 'given back: gone');
is((soon($socket, 5, pid => $third->{pid}, state => 'ended') // {})->{cause}, 'given-back', 'given back: told');
is((soon($socket, 12, pid => $second->{pid}, state => 'ended') // {})->{cause}, 'given-back', 'given back: the other one too');
sub ended_by
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($cause, @records) = @_;
	truth(record('window', @window));
	my $one = come_in($node, @alice);
	truth(@records);
	ok(defined gone_after($one, time, 8), "$cause: gone");
	my $told = soon($socket, 5, pid => $one->{pid}, state => 'ended') // {};
	is($told->{cause}, $cause, "$cause: told");
	is($told->{trailing}, 0, "$cause: to the byte");
	return;
}
ended_by('revoked', record('ended', @window, how => 'revoked', ago => 0));
ended_by('expired', record('window', @window, end => 2));
ended_by('locked', record('window', @window), record('lock', id => 'pg:alice', cluster => 'second', text => 'incident'));
ended_by('narrowed', record('window', @window, access => 'read-only'));
ended_by('lost');

# One that does not go: here stopped, elsewhere in code that looks at nothing.
truth(record('window', @window, end => 3));
my $end = time + 3;
my $stuck = come_in($node, @alice);
kill 'STOP', $stuck->{pid};
ok(wait_for(sub { state_of($stuck->{pid}) eq 'T' }), 'a backend is stopped');
my $mark = log_mark($node);
my $left = soon($socket, 10, pid => $stuck->{pid}, state => 'leftover') // { at => 0 };
my $late = $left->{at} - $end;
cmp_ok($late, '>', 0.4, 'still there: not said before it was true');
cmp_ok($late, '<', 1.5, sprintf 'still there: said %.0f ms after the end', $late * 1000);
is($left->{cause}, 'expired', 'still there: why it should not be');
like($left->{text} // '', qr/^still runs: /, 'still there: in words');
like(log_since($node, $mark),
	qr/WARNING:  role "alice" still runs \S+ s after grant g-\S+ ended: it is in code without interrupt checks\n.*Process $stuck->{pid}, database "orders"/,
	'still there: in the log');
ok(soon($socket, 15, pid => $stuck->{pid}, state => 'leftover'), 'still there: told again');
is(scalar(() = log_since($node, $mark) =~ /still runs/g), 1, 'still there: logged once');
kill 'CONT', $stuck->{pid};
ok(defined gone_after($stuck, time, 5), 'it goes on: gone');
is((soon($socket, 5, pid => $stuck->{pid}, state => 'ended') // {})->{cause}, 'expired', 'it goes on: told');

# Revoked, and does not go.
truth(record('window', @window));
$stuck = come_in($node, @alice);
kill 'STOP', $stuck->{pid};
ok(wait_for(sub { state_of($stuck->{pid}) eq 'T' }), 'another is stopped');
truth(record('ended', @window, how => 'revoked', ago => 0));
$end = time;
$left = soon($socket, 10, pid => $stuck->{pid}, state => 'leftover') // { at => 0 };
cmp_ok($left->{at} - $end, '<', 1.5, sprintf 'revoked and still there: said %.0f ms after', ($left->{at} - $end) * 1000);
is($left->{cause}, 'revoked', 'revoked and still there: why');
truth(record('window', @window));
ok(soon($socket, 5, pid => $stuck->{pid}, state => 'live'), 'granted again: live again');
kill 'CONT', $stuck->{pid};
ok(is_inside($stuck), 'granted again: and it stays');
dismiss($stuck);

# Let in while nobody was asked: listed when grantd.mode is enforced, and not put out.
truth();
reload($node, 'grantd.mode' => 'off');
my $ungated = come_in($node, user => 'bob', database => 'orders');
my $service = come_in($node, user => 'replicator', database => 'orders');
$mark = log_mark($node);
reload($node, 'grantd.mode' => 'enforce');
$node->wait_for_log(qr/grantd\.mode is enforce now, but role "bob" is inside without a grant and stays: process $ungated->{pid}, database "orders", since \d/, $mark);
pass('ungated: logged');
unlike(log_since($node, $mark), qr/but role "replicator"/, 'ungated: not a service role');
my $seen = soon($socket, 12, pid => $ungated->{pid}) // {};
is($seen->{state}, 'ungated', 'ungated: told');
is($seen->{name}, 'bob', 'ungated: who');
is($seen->{until}, 0, 'ungated: without an end');
refused($node, 'dbname=orders user=bob', qr/no open grant/, 'the next one');
ok(is_inside($ungated), 'ungated: not put out');
dismiss($ungated);
is((soon($socket, 5, pid => $ungated->{pid}, state => 'ended') // {})->{cause}, 'closed', 'ungated: told when it left');
is(scalar(heard_of($socket, pid => $service->{pid})), 0, 'nothing of a service role');

never_crashed($node);
done_testing();
