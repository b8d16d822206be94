# SPDX-License-Identifier: Apache-2.0
# Ends that move while people are inside, and tables that cannot be believed: an extension keeps the same backend,
# the first of two ends cuts nothing, what is revoked goes, and a table that is gone, cut off or LOCKED neither
# shortens a session nor lengthens it. There is no worker in this server: the backends' own timers do it all.
use strict;
use warnings;
use Grantd;
use PostgreSQL::Test::Utils;
use Test::More;

my $late_limit = 1 + 0.5;
my $node = server(hba => 'local all all trust', conf => 'max_worker_processes = 0');
$node->safe_psql('postgres', <<'END');
create role alice login;
create database orders;
END
is($node->safe_psql('postgres', q{select count(*) from pg_stat_activity where backend_type ~ 'grantd'}), '0', 'no worker');

my %alice = (user => 'alice', database => 'orders');
my @point = record('point', database => 'orders', resource => 'orders-db');
my @of = (id => 'pg:alice', database => 'orders', role => 'alice');
sub window { return record('window', @of, @_); }
sub wait_till { my ($when) = @_; return eventually { boot_now() >= $when } 'time passes'; }

sub busy
{
	my $s = session($node, %alice);
	send_message($s, 'Q', "select pg_sleep(900)\0");
	return $s;
}

# Gone at `end`, by the clock of the table: not before, and a second after it at most.
sub goes_at
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($end, $name, @sessions) = @_;
	my @gone;
	eventually {
		for (0 .. $#sessions) { $gone[$_] //= boot_now() if is_gone($sessions[$_]{pid}); }
		(grep { defined } @gone) == @sessions || boot_now() > $end + 10
	} $name;
	for (@gone)
	{
		my $late = defined $_ ? $_ - $end : 9999;
		cmp_ok($late, '>=', 0, "$name: not before it");
		cmp_ok($late, '<=', $late_limit, sprintf '%s: gone %.3f s after the end', $name, $late);
	}
	return;
}

# The last thing the server said.
sub last_words
{
	my ($s) = @_;
	my %error;
	while (my ($type, $body) = next_message($s)) { %error = fields($body) if $type eq 'E'; }
	return \%error;
}

sub works_in_the_same_backend
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($s, $name) = @_;
	return is(statement($s, 'select pg_backend_pid()')->{rows}[0][0], $s->{pid}, $name);
}

# Extended
truth(@point, window(end => 2));
my $end = published_at() + 2;
my ($idle, $busy) = (session($node, %alice), busy());
truth(@point, window(end => 3600));
wait_till($end + 1);
works_in_the_same_backend($idle, 'extended: the same backend after the old end');
ok(!is_gone($busy->{pid}), 'extended: a busy one, too');

# Shortened: seen at the latest when it asks again.
truth(@point, window(end => 7));
goes_at(published_at() + 7, 'shortened', $idle, $busy);

# Two grants: the end of the first cuts nothing, whichever came first; the end of both does.
truth(@point, window(end => 2), window(end => 3600));
$end = published_at() + 2;
my @both = (session($node, %alice), busy());
wait_till($end + 1);
works_in_the_same_backend($both[0], 'overlapping: inside after the end of the first');
ok(!is_gone($both[1]{pid}), 'overlapping: a busy one, too');
truth(@point, window(start => -60, end => 2), window(start => 1, end => 4));
goes_at(published_at() + 4, 'one after the other without a gap', session($node, %alice), busy(), @both);
truth(@point, window(start => -60, end => 2), window(start => 3, end => 3600));
goes_at(published_at() + 2, 'with a gap between', session($node, %alice), busy());

# Another grant does not cover: other database, other role.
truth(@point, window(end => 2), window(database => 'other'), window(role => 'other'), window(replication => 1));
goes_at(published_at() + 2, 'what is left is for something else', session($node, %alice));

# Revoked: seen when it asks again, 5 s later at most.
truth(@point, window());
my @sessions = (session($node, %alice), busy());
truth(@point, record('ended', @of, how => 'revoked', ago => 0));
my $since = published_at();
eventually { 2 == grep { is_gone($_->{pid}) } @sessions } 'revoked', 30;
my $took = boot_now() - $since;
cmp_ok($took, '<=', 5 + $late_limit, sprintf 'revoked: both gone after %.3f s without anybody poking', $took);
like(last_words($sessions[0])->{M}, qr/^terminating connection: grant g-\S+ for orders-db was revoked at \d/, 'revoked: it says so');

# Poked again and again nothing happens to it.
truth(@point, window());
$busy = session($node, %alice);
send_message($busy, 'Q', "select count(*) from generate_series(1, 1000000)\0");
poke($busy->{pid}) for 1 .. 5000;
my ($type, $body);
do { ($type, $body) = next_message($busy) } until !defined $type || $type =~ /[DE]/;
is($type, 'D', '5000 pokes: the query has its answer');
1 until (next_message($busy))[0] eq 'Z';
works_in_the_same_backend($busy, '5000 pokes: it goes on');

# A table that cannot be believed: nobody is cut early, nobody stays longer.
sub truncate_table { truncate table_file(), 5000 or die "$!"; return; }
sub garble_table
{
	open my $file, '+<', table_file() or die "$!";
	seek $file, 64, 0;
	print $file 'x';
	close $file or die "$!";
	return;
}
for (['deleted', sub { unlink table_file() or die "$!" }],
	['truncated', \&truncate_table],
	['garbled', \&garble_table],
	['LOCKED, though it would have been longer', sub { truth(@point, window(end => 3600), "locked\n") }],
	['LOCKED, without a window', sub { truth("locked\n") }],
	['of another boot', sub { truth(@point, window(end => 3600), "other-boot\n") }],
	['from the future', sub { truth(@point, window(end => 3600), "ahead\n") }])
{
	my ($name, $fault) = @$_;
	truth(@point, window(end => 3));
	$end = published_at() + 3;
	@sessions = (session($node, %alice), busy());
	statement($sessions[0], 'select 1');
	$fault->();
	ok(defined start_packet($node, %alice)->{M}, "the table $name: nobody new is let in");
	poke(map { $_->{pid} } @sessions);
	works_in_the_same_backend($sessions[0], "the table $name: nobody is cut early");
	goes_at($end, "the table $name", @sessions);
	like(last_words($sessions[0])->{M}, qr/^terminating connection: grant g-\S+ for orders-db ended at \d/, "the table $name: it says which grant");
}

# Bad for a while, then good again with a later end.
truth(@point, window(end => 3));
$end = published_at() + 3;
$idle = session($node, %alice);
unlink table_file();
poke($idle->{pid});
truth(@point, window());
wait_till($end + 1);
works_in_the_same_backend($idle, 'a table that came back in time, extended');

# A lock on the account ends it at once; one on somebody else does nothing.
truth(@point, window(), record('lock', id => 'pg:bob', text => 'not you'));
poke($idle->{pid});
works_in_the_same_backend($idle, 'a lock on somebody else');
truth(@point, window(), record('lock', id => 'pg:alice', text => 'incident 4711'));
$since = boot_now();
poke($idle->{pid});
eventually { is_gone($idle->{pid}) } 'locked';
$took = boot_now() - $since;
cmp_ok($took, '<=', $late_limit, sprintf 'locked: gone %.3f s after the poke', $took);
like(last_words($idle)->{M}, qr/^terminating connection: locked: incident 4711$/, 'locked: the message reaches the client');

# What a session was given is what must be covered (I10).
truth(@point, window(access => 'read-write'), window(access => 'read-only', end => 7200));
$idle = session($node, %alice);
truth(@point, window(access => 'read-only', end => 7200));
poke($idle->{pid});
eventually { is_gone($idle->{pid}) } 'narrowed';
is(last_words($idle)->{M}, 'terminating connection: only read-only access to orders-db is left: log in again',
	'read-write with a read-only window left: cut, and told to log in again');
$idle = session($node, %alice);
truth(@point, window(access => 'read-only', end => 7200), window(access => 'read-write'));
poke($idle->{pid});
works_in_the_same_backend($idle, 'read-only when more has opened: stays');
truth(@point, window(access => 'read-write', end => 3600));
poke($idle->{pid});
works_in_the_same_backend($idle, 'read-only under a read-write window: stays');
truth(@point, window(access => 'read-only', end => 2), window(access => 'read-write', start => 1, end => 4));
poke($idle->{pid});
goes_at(published_at() + 4, 'read-only, then read-write', $idle);

unlike(slurp_file($node->logfile), qr/terminating any other active server processes|reinitializing|was terminated by signal|PANIC|TRAP/,
	'the server did not restart');

done_testing();
