# SPDX-License-Identifier: Apache-2.0
# A prepared transaction is the current role's, and what a session leaves is looked for by the role that logged in: a
# session that was asked for a grant prepares none while another role is set, however it came to be. Allowed:
#	1. as the role that logged in, also with another role before, and then it is found when the window ends;
#	2. by break-glass roles and programs, and by everybody while grantd.mode is not enforce: nobody is looked for.
# Refused, with the command that helps, and nothing of it stays:
#	3. SET ROLE, SET LOCAL ROLE, set_config(), a role that ALTER ROLE gave, a deferred trigger of the PREPARE itself;
#	4. SET SESSION AUTHORIZATION.
use strict;
use warnings;
use Grantd;
use Inside;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = server(
	hba => "local all all trust\n",
	conf => "grantd.service_roles = 'program'\nmax_prepared_transactions = 20\nlog_min_messages = warning");
$node->safe_psql('postgres', <<'END');
create role app_owner;
create role alice login in role app_owner;
create role born login in role app_owner;
alter role born set role = 'app_owner';
create role super login superuser;
create role program login in role app_owner;
grant app_owner to postgres;
create database orders owner app_owner;
END
$node->safe_psql('orders', <<'END');
create table t (n integer);
create function becomes() returns trigger language plpgsql as $$ begin perform set_config('role', 'app_owner', false); return null; end $$;
create table sets_role (n integer);
create constraint trigger becomes after insert on sets_role deferrable initially deferred for each row execute function becomes();
alter table t owner to app_owner;
grant all on sets_role to public;
END
my @orders = (database => 'orders');
sub window { my ($who) = @_; return record('window', id => "pg:$who", role => $who, database => 'orders'); }
sub is_there { my ($gid) = @_; return $node->safe_psql('orders', "select owner from pg_prepared_xacts where gid = '$gid'"); }
# The fields of the first error, {} when there was none; no transaction stays open.
sub trying
{
	my ($session, @sql) = @_;
	my $error = {};
	for (@sql)
	{
		next if eval { ask($session, $_); 1 };
		$error = $session->{error};
		last;
	}
	ask($session, 'rollback');
	return $error;
}

truth(map { window($_) } qw(alice born super));
my ($alice, $born, $super) = map { come_in($node, user => $_, @orders) } qw(alice born super);
my @locks = ('lock table t in access exclusive mode', q{prepare transaction 'x'});
my $role = 'SET ROLE NONE';
my $session = 'RESET SESSION AUTHORIZATION';

for (['SET ROLE', $alice, 'alice', 'app_owner', $role, 'set role app_owner', 'begin', @locks],
	['SET ROLE inside', $alice, 'alice', 'app_owner', $role, 'set role none', 'begin', 'set role app_owner', @locks],
	['SET LOCAL ROLE', $alice, 'alice', 'app_owner', $role, 'begin', 'set local role app_owner', @locks],
	['set_config', $alice, 'alice', 'app_owner', $role, 'begin', q{select set_config('role', 'app_owner', true)}, @locks],
	['a deferred trigger', $alice, 'alice', 'app_owner', $role, 'begin', 'insert into sets_role values (1)', q{prepare transaction 'x'}],
	['a role from the login on', $born, 'born', 'app_owner', $role, 'begin', @locks],
	['RESET ROLE, which goes back to that', $born, 'born', 'app_owner', $role, 'reset role', 'begin', @locks],
	['another superuser', $super, 'super', 'postgres', $role, 'set role postgres', 'begin', @locks],
	['SET SESSION AUTHORIZATION', $super, 'super', 'alice', $session, 'set session authorization alice', 'begin', q{prepare transaction 'x'}],
	['SET ROLE after it', $super, 'super', 'app_owner', $session, 'set role app_owner', 'begin', @locks])
{
	my ($name, $who, $login, $is, $help, @sql) = @$_;
	my $error = trying($who, @sql);
	is($error->{C}, '0A000', "$name: refused");
	is($error->{M}, qq{cannot prepare a transaction as role "$is" in a session of role "$login"}, "$name: says so");
	is($error->{D}, qq{It would be "$is"'s, and would not be looked for when no window covers "$login" any more: its locks would stay.}, "$name: says why");
	is($error->{H}, "Say $help before PREPARE TRANSACTION.", "$name: says what helps");
	my $owner = is_there('x');
	is($owner, '', "$name: nothing stays");
	$node->safe_psql('orders', q{rollback prepared 'x'}) if $owner ne '';
}

# The command that helps does.
for (['as app_owner before', $alice, 'alice', $role, 'begin', 'set local role app_owner', $locks[0]],
	['as app_owner from the login on', $born, 'born', $role, 'begin', $locks[0]],
	['as another before', $super, 'super', $session, 'begin', 'set session authorization alice', 'set role app_owner', $locks[0]],
	['as itself', $alice, 'alice', 'set role alice', 'begin'])
{
	my ($name, $who, $login, $help, @sql) = @$_;
	is_deeply(trying($who, @sql, $help, q{prepare transaction 'x'}), {}, "$name: prepared");
	is(is_there('x'), $login, "$name: as who logged in");
	$node->safe_psql('orders', q{rollback prepared 'x'});
}

# And is found when the window ends.
is_deeply(trying($alice, 'begin', 'set role app_owner', $locks[0], $role, q{prepare transaction 'hers'}), {}, 'prepared');
my $mark = log_mark($node);
truth();
ok(defined gone_after($alice, 0), 'revoked: gone');
ok($node->wait_for_log(qr/left over: prepared transaction "hers" of role "alice" in database "orders"/, $mark), 'and found');
$node->safe_psql('orders', q{rollback prepared 'hers'});

# Who is not looked for.
sub prepares
{
	my ($who, $name) = @_;
	is_deeply(trying(come_in($node, user => $who, @orders), 'set role app_owner', 'begin', @locks), {}, "$name: prepared");
	is(is_there('x'), 'app_owner', "$name: as another role");
	$node->safe_psql('orders', q{rollback prepared 'x'});
	return;
}
prepares('postgres', 'break-glass');
prepares('program', 'a program');
for my $mode ('audit', 'off')
{
	reload($node, 'grantd.mode' => $mode);
	prepares('alice', "mode $mode");
}

never_crashed($node);
done_testing();
