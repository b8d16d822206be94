# SPDX-License-Identifier: Apache-2.0
# Which roles a read-only grant does not let in (superusers, REPLICATION, those that reach the server's files and
# programs, directly or not), what becomes of a session whose role becomes one, and who is not held at all.
use strict;
use warnings;
use Grantd;
use PostgreSQL::Test::Utils;
use ReadOnly;
use Test::More;

my $node = reading_server(conf => "grantd.service_roles = 'program'\n");
as_boss($_) for split /\n/, <<'END';
create role boss superuser
create role streamer replication
create role between nologin noinherit
create role super login superuser
create role replicates login replication
create role reads_files login
create role writes_files login
create role runs_programs login
create role becomes_super login
create role becomes_streamer login
create role indirect login
create role harmless login
create role program login
create role breaks_glass login superuser
create role gone login
grant pg_read_server_files to reads_files
grant pg_write_server_files to writes_files
grant pg_execute_server_program to runs_programs
grant boss to becomes_super
grant streamer to becomes_streamer
grant pg_write_server_files to between
grant between to indirect
grant pg_read_all_data, pg_monitor, pg_signal_backend to harmless
grant all on t to public
END
sub window { my ($role, $access, %more) = @_; return record('window', id => "pg:$role", role => $role, database => 'orders', access => $access, %more); }
my $point = record('point', database => 'orders', resource => 'orders-db');
my $insert = 'insert into t values (20)';

for (['super', 'it is a superuser'],
	['replicates', 'it has the attribute REPLICATION'],
	['reads_files', 'it is a member of "pg_read_server_files"'],
	['writes_files', 'it is a member of "pg_write_server_files"'],
	['runs_programs', 'it is a member of "pg_execute_server_program"'],
	['becomes_super', 'it is a member of "boss", which is a superuser'],
	['becomes_streamer', 'it is a member of "streamer", which has the attribute REPLICATION'],
	['indirect', 'it is a member of "pg_write_server_files"'])
{
	my ($role, $why) = @$_;
	truth($point, window($role, 'read-only'));
	my $did = refused($node, "dbname=orders user=$role", qr/FATAL:  no read-only grant can let in role "$role" on database "orders"/, $role);
	like($did->{err}, qr/^DETAIL:  It could write all the same: \Q$why\E\.$/m, "$role: in detail");
	like($did->{err}, qr/^HINT:  ask for writing, if a rule gives it: grantctl request orders-db --read-write --reason "\.\.\."$/m, "$role: what helps");
	truth($point, window($role, 'read-write'));
	is_deeply(first_error(session($node, user => $role, database => 'orders'), $insert), {}, "$role: a grant for writing lets it in, and it writes");
	truth($point, window($role, 'read-write'), window($role, 'read-only'));
	let_in($node, "dbname=orders user=$role", "$role: and so does one beside a read-only one");
}

# Replication: such a role is what it needs, so that no read-only window opens it.
truth(record('window', id => 'pg:replicates', role => 'replicates', database => '', replication => 1, access => 'read-only'),
	window('replicates', 'read-only', replication => 1));
for (['physical replication', replication => 'true'], ['replication of database "orders"', replication => 'database', database => 'orders'])
{
	my ($what, %how) = @$_;
	like(start_packet($node, user => 'replicates', %how)->{M}, qr/^no read-only grant can let in role "replicates" on \Q$what\E$/, "$what: refused");
}

# While it is inside.
truth($point, map { window($_, 'read-only') } qw(harmless gone));
for (['made a superuser', 'alter role harmless superuser', 'alter role harmless nosuperuser', 'it is a superuser'],
	['given REPLICATION', 'alter role harmless replication', 'alter role harmless noreplication', 'it has the attribute REPLICATION'],
	['given files', 'grant pg_write_server_files to harmless', 'revoke pg_write_server_files from harmless', 'it is a member of "pg_write_server_files"'],
	['given more by what it is a member of', 'grant boss to pg_monitor', 'revoke boss from pg_monitor', 'it is a member of "boss", which is a superuser'])
{
	my ($name, $give, $take, $why) = @$_;
	my $is = sub { my ($how, $error) = @_;
		is($error->{C}, '28000', "$name, $how: cut");
		is($error->{M}, 'terminating connection: a read-only grant can no longer hold this role', "$name, $how: says so");
		is($error->{D}, "Since it was let in it was given more: $why.", "$name, $how: says why");
		return;
	};
	my ($idle, $utility, $inside, $fast) = map { session($node, user => 'harmless', database => 'orders') } 1 .. 4;
	statement($inside, 'begin');
	statement($inside, 'select 1');
	as_boss($give);
	$is->('a query', first_error($idle, 'select 1'));
	$is->('a command', first_error($utility, 'show work_mem'));
	$is->('in a transaction', first_error($inside, 'select n from t'));
	$is->('the fast path', fast_path($fast, as_boss(q{select 'pg_backend_pid()'::regprocedure::oid::integer})));
	as_boss($take);
}
# While it comes in: after its own attributes were looked at, and before its memberships were.
my $blocker = session($node, user => 'postgres', database => 'orders');
statement($blocker, $_) for 'begin', 'lock table pg_auth_members in access exclusive mode';
my $late = session_begun($node, user => 'harmless', database => 'orders');
eventually { as_boss(q{select count(*) from pg_locks where relation = 'pg_auth_members'::regclass and not granted}) } 'the login waits';
as_boss('alter role harmless superuser');
statement($blocker, 'rollback');
session_goes_on($late);
is(first_error($late, 'select 1')->{D}, 'Since it was let in it was given more: it is a superuser.', 'made a superuser while it was looked at: cut');
as_boss('alter role harmless nosuperuser');
my $s = session($node, user => 'harmless', database => 'orders');
as_boss($_) for 'grant pg_read_all_settings to harmless', 'create role unrelated superuser', 'grant boss to unrelated', 'alter role harmless connection limit 9';
is_deeply(first_error($s, 'select 1', 'show work_mem'), {}, 'given what only reads, and others more: stays');
like(first_error($s, $insert)->{M}, qr/cannot execute INSERT/, 'and is held');
$s = session($node, user => 'gone', database => 'orders');
as_boss($_) for 'revoke all on t from gone', 'drop role gone';
is(first_error($s, 'select 1')->{D}, 'Since it was let in it was given more: it could not be looked up.', 'dropped: cut, since nobody knows');

# A grant for writing that comes later gives a session nothing; it comes in anew.
truth($point, window('harmless', 'read-only'));
$s = session($node, user => 'harmless', database => 'orders');
truth($point, window('harmless', 'read-only'), window('harmless', 'read-write'));
like(first_error($s, $insert)->{M}, qr/cannot execute INSERT/, 'a second grant, for writing: this session still only reads');
truth($point, window('harmless', 'read-write'));
like(first_error($s, $insert)->{M}, qr/cannot execute INSERT/, 'the grant for reading is gone: this session still only reads');
is_deeply(first_error(session($node, user => 'harmless', database => 'orders'), $insert), {}, 'the next one writes');

# Who is not held.
truth($point, map { window($_, 'read-only') } qw(program breaks_glass harmless postgres));
sub writes { my ($role) = @_; return first_error(session($node, user => $role, database => 'orders'), $insert, 'create temporary table x (n integer)'); }
is_deeply(writes('program'), {}, 'a service role writes, also with a read-only window');
is_deeply(writes('postgres'), {}, 'a break-glass role writes, also with a read-only window');
reload($node, 'grantd.exempt_roles' => 'postgres, breaks_glass');
is_deeply(writes('breaks_glass'), {}, 'another');
like(writes('harmless')->{M}, qr/cannot execute/, 'the others are held');
my $held = session($node, user => 'harmless', database => 'orders');
for my $mode ('audit', 'off')
{
	reload($node, 'grantd.mode' => $mode);
	is_deeply(writes('harmless'), {}, "mode $mode: nobody is held");
	like(first_error($held, $insert)->{M}, qr/cannot execute/, "mode $mode: who was held before is");
}

done_testing();
