# SPDX-License-Identifier: Apache-2.0
# What the person in a session reads: until when at the first statement; that the end is near at the next one within
# 5 and 1 minutes of it, again after an extension; and why the connection was terminated, in our words only when it
# was us. Nothing said, nothing broken where nothing can be said.
use strict;
use warnings;
use Grantd;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = server(
	streaming => 'logical',
	hba => "local all all trust\nlocal replication all trust\n",
	conf => "max_connections = 50\ngrantd.service_roles = 'replicator'");
$node->safe_psql('postgres', <<'END');
create role alice login replication;
create role replicator login;
create database orders;
END
$node->safe_psql('orders', <<'END');
create table parts as select n from generate_series(1, 20000) n;
grant all on parts to alice;
alter table parts set (parallel_workers = 2);
analyze parts;
END
my %alice = (user => 'alice', database => 'orders');
my @point = record('point', database => 'orders', resource => 'orders-db');
my @of = (id => 'pg:alice', database => 'orders', role => 'alice');
sub window { return record('window', @of, @_); }

sub notices
{
	my ($s, $sql) = @_;
	my $did = statement($s, $sql);
	die "$sql: " . $did->{errors}[0]{M} if @{ $did->{errors} };
	return map { $_->{M} } @{ $did->{notices} };
}

sub said
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($s, $sql, $words, $name) = @_;
	my @said = notices($s, $sql);
	is(scalar @said, 1, "$name: one notice") or diag(join "\n", @said);
	return like($said[0] // '', $words, "$name: its words");
}

sub nothing_said
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($s, $sql, $name) = @_;
	return is(join("\n", notices($s, $sql)), '', "$name: nothing is said");
}

# Publishes, and the session has seen it: it has asked again when the signal is no longer pending.
sub seen
{
	my ($s, @records) = @_;
	truth(@point, @records);
	poke($s->{pid});
	return;
}

my $until = qr/^access to orders-db until $clock \((1 h|59 min) left\)$/;
my $in_5 = qr/^access to orders-db ends in [45] min( \d+ s)?, at $clock$/;
my $in_1 = qr/^access to orders-db ends in \d+ s, at $clock$/;

# The first statement, whatever it is; once.
truth(@point, window());
for my $first ('select 1', 'begin', 'set work_mem = 1024', 'do $$ begin perform 1; perform count(*) from parts; end $$',
	'declare c cursor with hold for select 1', 'explain select 1', 'prepare p as select 1', 'listen news',
	'set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; select sum(n) from parts')
{
	my $s = session($node, %alice);
	said($s, $first, $until, "first: $first");
	nothing_said($s, 'select 2', "second, after $first");
}
my $s = session($node, %alice);
my $did = statement($s, 'select 1 / (random() * 0)::int');
is(scalar @{ $did->{errors} }, 1, 'first: one that fails');
like($did->{notices}[0]{M}, $until, 'first: one that fails: until when');
nothing_said($s, 'select 1', 'second, after one that failed');
$s = session($node, %alice);
is(scalar @{ statement($s, 'select 1/0')->{errors} }, 1, 'first: one that fails before it begins');
said($s, 'select 1', $until, 'second, after one that failed before it began');
$s = session($node, %alice, client_min_messages => 'error');
nothing_said($s, 'select 1', 'client_min_messages = error');
my $mark = log_mark($node);
$s = session($node, %alice);
send_message($s, 'Q', "copy (select 1) to stdout\0");
my @types = map { (next_message($s))[0] } 1 .. 2;
is("@types", 'N H', 'first: COPY: the notice comes before the copy begins');
unlike(log_since($node, $mark), qr/access to/, 'the log is not told what the person is');

# The extended protocol: parse, bind, execute, sync.
$s = session($node, %alice);
send_message($s, 'P', "\0select 1\0\0\0");
send_message($s, 'B', "\0\0\0\0\0\0\0\0");
send_message($s, 'E', "\0\0\0\0\0");
send_message($s, 'S', '');
my @seen;
while (1)
{
	my ($type, $body) = next_message($s);
	push @seen, $type;
	last if $type eq 'Z';
}
is(join('', @seen), '1N2DCZ', 'first: in the extended protocol');

# Programs and listed roles hear nothing.
truth(@point, window(), window(replication => 1), record('window', id => 'pg:alice', role => 'alice', database => '', replication => 1));
$s = session($node, user => 'alice', replication => '1');
nothing_said($s, 'IDENTIFY_SYSTEM', 'a physical walsender');
$s = session($node, %alice, replication => 'database');
nothing_said($s, 'IDENTIFY_SYSTEM', 'a logical walsender');
nothing_said($s, 'select 1', 'SQL in a logical walsender');
nothing_said(session($node, user => 'replicator', database => 'orders'), 'select 1', 'a service role');
nothing_said(session($node, user => 'postgres', database => 'orders'), 'select 1', 'a break-glass role');

# Near the end.
$s = session($node, %alice);
said($s, 'select 1', $until, 'far from the end');
seen($s, window(end => 299));
said($s, 'select 1', $in_5, 'within 5 minutes');
nothing_said($s, 'select 1', 'within 5 minutes, again');
seen($s, window(end => 59));
said($s, 'select 1', $in_1, 'within 1 minute');
nothing_said($s, 'select 1', 'within 1 minute, again');
seen($s, window());
nothing_said($s, 'select 1', 'extended');
seen($s, window(end => 299));
said($s, 'set work_mem = 1024', $in_5, 'within 5 minutes of the new end');
seen($s, window(end => 59));
said($s, 'select 1', $in_1, 'within 1 minute of the new end');
seen($s, window(end => 200));
said($s, 'select 1', qr/^access to orders-db ends in 3 min/, 'extended by a little');
seen($s, window(end => 59));
said($s, 'select 1', $in_1, 'within 1 minute once more');
$s = session($node, %alice);
said($s, 'select 1', qr/^access to orders-db until .* left\)$/, 'let in within the last minute: until when');
nothing_said($s, 'select 1', 'let in within the last minute: no more');

# A read-only session is not told of the end of a read-write window that opened since: it is not its end.
$node->safe_psql('postgres', 'alter role alice noreplication'); # or no such window lets her in
truth(@point, window(access => 'read-only', end => 7200));
$s = session($node, %alice);
seen($s, window(access => 'read-only', end => 7200), window(access => 'read-write', end => 600));
said($s, 'select 1', qr/\((2 h|1 h 59 min) left\)$/, 'read-only, when more has opened for less long');

# An aborted transaction takes nothing but its end.
truth(@point, window());
$s = session($node, %alice);
notices($s, 'begin');
statement($s, 'select 1/0');
seen($s, window(end => 299));
is(scalar @{ statement($s, 'select 1')->{errors} }, 1, 'in an aborted transaction: as ever');
nothing_said($s, 'rollback', 'the end of an aborted transaction');
said($s, 'select 1', $in_5, 'after an aborted transaction');

# In the middle of a function nothing is lost.
truth(@point, window());
$s = session($node, %alice);
notices($s, 'select 1');
send_message($s, 'Q', "do \$\$ begin perform pg_sleep(0.3); for i in 1 .. 1000 loop perform count(*) from generate_series(1, 10); end loop; end \$\$\0");
seen($s, window(end => 299));
my @got;
while (1)
{
	my ($type, $body) = next_message($s);
	last if $type eq 'Z';
	push @got, $type eq 'N' ? { fields($body) }->{M} : $type;
}
is(scalar(grep { $_ =~ $in_5 } @got), 1, 'within a DO: said once');
is($got[-1], 'C', 'within a DO: it goes on');

# Why it ended. Everything the server says after `what`, as one error.
sub final_error
{
	my ($s, $name) = @_;
	my %error;
	while (my ($type, $body) = next_message($s)) { %error = fields($body) if $type eq 'E'; }
	eventually { is_gone($s->{pid}) } $name;
	return \%error;
}

sub ended
{
	my ($name, $words, $help, @records) = @_;
	truth(@point, window());
	my $s = session($node, %alice);
	statement($s, 'select 1');
	my $mark = log_mark($node);
	seen($s, @records);
	my $error = final_error($s, $name);
	is($error->{S}, 'FATAL', "$name: FATAL");
	is($error->{C}, '57P01', "$name: SQLSTATE");
	like($error->{M}, $words, "$name: why");
	like($error->{H} // '', $help, "$name: what helps");
	like(log_since($node, $mark), qr/\[$s->{pid}\] .* 57P01 FATAL:  \Q$error->{M}\E$/m, "$name: the log has the same words");
	return;
}
my $ask = qr/^ask for one: grantctl request orders-db --for 1h --reason "\.\.\."$/;
ended('expired', qr/^terminating connection: grant g-\S+ for orders-db ended at $clock$/, $ask, window(end => 1));
ended('revoked', qr/^terminating connection: grant g-\S+ for orders-db was revoked at $clock$/, $ask,
	record('ended', @of, how => 'revoked', ago => 0));
ended('given back', qr/^terminating connection: grant g-\S+ for orders-db was given back at $clock$/, $ask,
	record('ended', @of, how => 'given-back', ago => 0));
ended('locked', qr/^terminating connection: locked: incident 4711$/, qr/^see: grantctl status$/,
	window(), record('lock', id => 'pg:alice', text => 'incident 4711'));
ended('no word of it', qr/^terminating connection: no open grant for orders-db$/, $ask);
ended('narrowed', qr/^terminating connection: only read-only access to orders-db is left: log in again$/, qr/\S/,
	window(access => 'read-only'));

# In the middle of a query, through the real client.
truth(@point, window(end => 2));
my ($out, $err) = ('', '');
IPC::Run::run([ 'psql', '-XAtw', '-d', 'host=' . $node->host . ' port=' . $node->port . ' dbname=orders user=alice', '-c', 'select pg_sleep(900)' ],
	'>', \$out, '2>', \$err, IPC::Run::timeout(60));
like($err, qr/^NOTICE:  access to orders-db until .*^FATAL:  terminating connection: grant g-\S+ for orders-db ended at .*^HINT:  ask for one: grantctl request orders-db --for 1h --reason "\.\.\."$/ms,
	'psql shows it all');

# Not us: the server's own words.
truth(@point, window());
my $own = 'terminating connection due to administrator command';
my $admin = session($node, user => 'postgres', database => 'orders');
$s = session($node, %alice);
statement($s, 'select 1');
statement($admin, "select pg_terminate_backend($s->{pid})");
my $error = final_error($s, 'terminated');
is($error->{M}, $own, q{pg_terminate_backend: the server's own words});
is($error->{H}, undef, 'pg_terminate_backend: and no hint of ours');
$s = session($node, %alice);
statement($s, 'select 1');
send_message($s, 'Q', "do \$\$ begin perform pg_sleep(900); end \$\$\0");
eventually { @{ statement($admin, "select pg_cancel_backend(pid) from pg_stat_activity where pid = $s->{pid} and wait_event = 'PgSleep'")->{rows} } } 'it sleeps';
is({ fields((next_message($s))[1]) }->{C}, '57014', 'pg_cancel_backend: the query is cancelled');
ok(!is_gone($s->{pid}), 'pg_cancel_backend: the session goes on');

# A log that takes no FATAL: the server's words, and the end all the same.
statement($admin, 'alter role alice set log_min_messages = panic');
truth(@point, window());
$s = session($node, %alice);
statement($s, 'select 1');
seen($s);
is(final_error($s, 'a silent log')->{M}, $own, q{a silent log: ended, in the server's words});

truth(@point, window());
$s = session($node, %alice);
statement($s, 'select 1');
$node->stop('fast');
is(final_error($s, 'shutdown')->{M}, $own, q{at the server's end: its own words});

unlike(slurp_file($node->logfile), qr/terminating any other active server processes|reinitializing|was terminated by signal|PANIC|TRAP/,
	'the server did not restart');

done_testing();
