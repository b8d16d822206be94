# SPDX-License-Identifier: Apache-2.0
# What outlives a session is reported once no window covers its role any more: prepared transactions, subscriptions,
# replication slots; until it is gone. Nothing of those whom a window covers, who are exempt, or who are programs.
use strict;
use warnings;
use Grantd;
use Inside;
use PostgreSQL::Test::Utils;
use Test::More;

my $path = "$ENV{TESTDATADIR}/presence.sock";
my $socket = listen_at($path);
my $node = server(
	hba => "local replication all trust\nlocal shared all peer map=people\nlocal all all trust\n", streaming => 1,
	ident => "people postgres app\npeople daemon app\n",
	conf => "grantd.report = '$path'\ngrantd.service_roles = 'replicator'\nmax_prepared_transactions = 20\nwal_level = logical\n"
	  . "max_connections = 50\nlog_min_messages = warning");
$node->safe_psql('postgres', <<'END');
create role alice login superuser;
create role "O'dd ""name""" login;
create role bob login;
create role replicator login;
create role streamer login replication;
create role app login;
create database orders;
create database shared;
-- What the owner of a database does to those who come in: none of it may mislead whoever looks.
alter database orders set search_path = trap, pg_catalog;
alter database orders set default_transaction_isolation = 'serializable';
END
$node->safe_psql('orders', <<'END');
create schema trap;
create view trap.pg_prepared_xacts as select null::xid, null::text as gid, null::timestamptz, null::name as owner, null::name as database;
create view trap.pg_subscription as select 1;
create function trap.current_database() returns name language sql as $$ select 'nowhere'::name $$;
END
my @orders = (database => 'orders');
sub window { my ($who, %more) = @_; return record('window', id => "pg:$who", role => $who, database => 'orders', %more); }
sub prepare { my ($session, $gid) = @_; $gid =~ s/'/''/g; ask($session, $_) for 'begin', "prepare transaction '$gid'"; return; }
sub since { my ($mark) = @_; return log_since($node, $mark); }

# One that a session leaves when its window is revoked.
truth(map { window($_) } qw(alice bob));
my $alice = come_in($node, user => 'alice', @orders);
my $bob = come_in($node, user => 'bob', @orders);
prepare($alice, "it's mine");
prepare($bob, 'not hers');
my $mark = log_mark($node);
truth(window('bob'));
ok(defined gone_after($alice, 0), 'revoked: gone');
ok($node->wait_for_log(qr/WARNING:  left over: prepared transaction "it's mine" of role "alice" in database "orders"/, $mark), 'prepared transaction: logged');
like(since($mark), qr/HINT:  ROLLBACK PREPARED 'it''s mine'$/m, 'prepared transaction: what helps');
my $left = soon($socket, 10, state => 'leftover') // {};
is_deeply([ @$left{qw(pid name database text cause)} ], [ $alice->{pid}, 'alice', 'orders', q{prepared transaction "it's mine"}, 'lost' ],
	'prepared transaction: told');
unlike(since($mark), qr/not hers/, 'nothing of another role, though it is in the same database');

# Until it is gone.
ok(soon($socket, 15, state => 'leftover', pid => $alice->{pid}), 'told again');
is(scalar(grep { $_->{state} eq 'ended' } heard_of($socket, pid => $alice->{pid})), 0, 'and by nobody as merely ended');
$node->safe_psql('orders', q{rollback prepared 'it''s mine'});
ok(soon($socket, 25, state => 'ended', pid => $alice->{pid}), 'rolled back: told');
is(scalar(() = since($mark) =~ /left over/g), 1, 'logged once');

# Who left by themselves: not before the window ends, and not while they are back.
$mark = log_mark($node);
dismiss($bob);
my $ended = soon($socket, 10, pid => $bob->{pid}, state => 'ended') // {};
is($ended->{cause}, 'closed', 'left by himself: told');
truth(window('bob', end => 7200));
truth(window('bob'), record('lock', id => 'pg:nobody'));
is(scalar(grep { $_->{state} eq 'leftover' } heard_of($socket)), 0, 'while the window is open: not left over');
unlink table_file();
my $round = come_in($node, user => 'replicator', @orders); # wakes nobody; the worker reads again on the deletion
truth(window('bob'));
unlike(since($mark), qr/left over/, 'a table that is not there says nothing of it');
truth(record('ended', id => 'pg:bob', role => 'bob', database => 'orders', how => 'revoked', ago => 0));
ok($node->wait_for_log(qr/left over: prepared transaction "not hers" of role "bob" in database "orders"/, $mark), 'the window has ended: logged');
is((soon($socket, 10, pid => $bob->{pid}, state => 'leftover') // {})->{text}, 'prepared transaction "not hers"', 'the window has ended: told');
truth(window('bob'));
ok(soon($socket, 10, pid => $bob->{pid}, state => 'ended'), 'granted again: it is his again');
$mark = log_mark($node);
truth();
ok($node->wait_for_log(qr/left over: prepared transaction "not hers"/, $mark), 'ended again: logged again');
$node->safe_psql('orders', q{rollback prepared 'not hers'});

# Subscriptions, and names that need quotes.
$mark = log_mark($node);
truth(window('alice'), window(q{O'dd "name"}));
$alice = come_in($node, user => 'alice', @orders);
ask($alice, q{create subscription "Copy it" connection 'host=/nowhere' publication p with (connect = false)});
my $odd = come_in($node, user => q{O'dd "name"}, @orders);
prepare($odd, 'odd "one"');
truth();
ok(defined gone_after($_, 0), 'revoked: gone') for $alice, $odd;
ok($node->wait_for_log(qr/left over: subscription "Copy it" of role "alice" in database "orders"/, $mark), 'subscription: logged');
like(since($mark), qr/HINT:  ALTER SUBSCRIPTION "Copy it" DISABLE$/m, 'subscription: what helps');
is((soon($socket, 10, pid => $alice->{pid}, state => 'leftover') // {})->{text}, 'subscription "Copy it"', 'subscription: told');
ok($node->wait_for_log(qr/left over: prepared transaction "odd "one"" of role "O'dd "name"" in/, $mark), 'odd names: logged');
is(scalar(() = since($mark) =~ /left over: subscription/g), 1, 'subscription: logged once');
$node->safe_psql('orders', q{alter subscription "Copy it" set (slot_name = none); drop subscription "Copy it"; rollback prepared 'odd "one"'});

# Replication slots: one made by SQL, one by a session for replication.
$mark = log_mark($node);
truth(window('alice'), record('window', id => 'pg:streamer', role => 'streamer', replication => 1));
$alice = come_in($node, user => 'alice', @orders);
ask($alice, q{select pg_create_logical_replication_slot('her_slot', 'test_decoding')}) if has_decoding();
ask($alice, q{select pg_create_physical_replication_slot('her_slot')}) if !has_decoding();
my $streamer = come_in($node, user => 'streamer', replication => 'true');
ask($streamer, 'CREATE_REPLICATION_SLOT his_slot PHYSICAL');
truth();
ok(defined gone_after($_, 0), 'revoked: gone') for $alice, $streamer;
ok($node->wait_for_log(qr/left over: replication slot [^\n]*her_slot[^\n]* of role "alice"/, $mark), 'replication slot by SQL: logged');
like((soon($socket, 10, pid => $alice->{pid}, state => 'leftover') // {})->{text} // '', qr/^replication slot .*her_slot/, 'replication slot by SQL: told');
ok($node->wait_for_log(qr/left over: replication slot [^\n]*his_slot[^\n]* of role "streamer"/, $mark), 'replication slot by a walsender: logged');
like(since($mark), qr/HINT:  select pg_drop_replication_slot/, 'replication slot: what helps');
$node->safe_psql('postgres', q{select pg_drop_replication_slot(slot_name) from pg_replication_slots});
ok(soon($socket, 25, pid => $alice->{pid}, state => 'ended'), 'dropped: told');
sub has_decoding { return $node->safe_psql('postgres', q{select count(*) from pg_ls_dir((select setting from pg_config where name = 'PKGLIBDIR')) f where f = 'test_decoding.so'}) eq '1'; }

# Programs and break-glass roles leave what they like; so does a role that was gated and is listed now.
$mark = log_mark($node);
truth(window('bob'), window('alice'));
$bob = come_in($node, user => 'bob', @orders);
prepare($bob, 'of a program now');
prepare($round, 'of a program');
prepare(come_in($node, user => 'postgres', @orders), 'of break-glass');
dismiss($round);
reload($node, 'grantd.service_roles' => 'replicator, bob');
$alice = come_in($node, user => 'alice', @orders);
prepare($alice, 'the last');
truth();
ok(defined gone_after($_, 0), 'revoked: gone') for $bob, $alice;
ok($node->wait_for_log(qr/left over: prepared transaction "the last"/, $mark), 'of a person: logged');
ok(soon($socket, 10, pid => $bob->{pid}, state => 'ended'), 'the program is merely ended');
unlike(since($mark), qr/left over: [^\n]*(?:program|break-glass)/, 'nothing of programs and break-glass roles');

# A role that two people share is theirs as long as one of them may come in.
SKIP:
{
	skip 'not able to be another OS user', 3 if !can_be('daemon') || !can_be('postgres');
	my @as_app = map { record('window', id => "os:$_", role => 'app', database => 'shared') } qw(postgres daemon);
	truth(@as_app);
	my $first = come_in($node, user => 'app', database => 'shared');
	prepare($first, 'of both');
	let_in($node, 'dbname=shared user=app', 'the other one', os_login('daemon'));
	$mark = log_mark($node);
	truth($as_app[1]);
	ok(defined gone_after($first, 0), 'the window of one of two ended: gone');
	prepare_marker();
	unlike(since($mark), qr/of both/, 'and what is there may be the other one\'s');
	truth();
	ok($node->wait_for_log(qr/left over: prepared transaction "of both" of role "app" in database "shared"/, $mark), 'no window is left: logged');
}

# Something else is left over and logged: whoever was asked about before it has been looked at by now.
sub prepare_marker
{
	my $before = log_mark($node);
	truth(record('window', id => 'os:daemon', role => 'app', database => 'shared'), window('alice'));
	my $session = come_in($node, user => 'alice', @orders);
	prepare($session, "marker $before");
	truth(record('window', id => 'os:daemon', role => 'app', database => 'shared'));
	gone_after($session, 0);
	$node->wait_for_log(qr/left over: prepared transaction "marker $before"/, $before);
	return;
}

# By then many were asked. The server's slack may be empty: nothing is taken from it.
is($node->safe_psql('postgres', q{select string_agg(name, ',') from pg_shmem_allocations where name ~ 'grantd'}), 'pg_grantd', 'shared memory: only what was reserved');

never_crashed($node);
done_testing();
