# SPDX-License-Identifier: Apache-2.0
# A read-only grant makes every transaction of the session read-only, and nothing that can be said in the session undoes
# it: settings, transactions, statements, and what functions, casts and operators run. It still reads.
use strict;
use warnings;
use Grantd;
use PostgreSQL::Test::Utils;
use ReadOnly;
use Test::More;

my $node = reading_server(sql => [ <<'END' ]);
set session authorization alice;
create function sets_clause() returns void language plpgsql set transaction_read_only = off as $$ begin insert into t values (3); end $$;
create function sets_default() returns void language plpgsql set default_transaction_read_only = off as $$ begin null; end $$;
create function sets_inside() returns void language plpgsql as $$ begin perform set_config('transaction_read_only', 'off', true); insert into t values (3); end $$;
create function spi() returns void language plpgsql as $$ begin execute 'insert into t values (4)'; end $$;
create function defines() returns void language plpgsql security definer as $$ begin insert into t values (4); end $$;
create function in_sql() returns void language sql as $$ insert into t values (5) $$;
create function handles() returns text language plpgsql as $$ begin insert into t values (5); return 'written'; exception when others then perform set_config('transaction_read_only', 'off', false); insert into t values (5); return 'written'; end $$;
create procedure commits() language plpgsql as $$ begin commit; set transaction read write; insert into t values (6); commit; end $$;
create type pair as (a integer, b integer);
create function pair_to_integer(pair) returns integer language plpgsql as $$ begin insert into t values ($1.a); return $1.a; end $$;
create cast (pair as integer) with function pair_to_integer(pair);
create type mood as enum ('fine');
create function mood_to_json(mood) returns json language plpgsql as $$ begin perform lo_create(0); return '{}'; end $$;
create cast (mood as json) with function mood_to_json(mood);
create operator #! (function = writes, rightarg = integer);
create function sum_up(integer, integer) returns integer language plpgsql as $$ begin insert into t values ($2); return $1; end $$;
create aggregate writing_sum(integer) (sfunc = sum_up, stype = integer, initcond = '0');
create domain checked as integer check (writes(value) = 1);
create rule also as on update to v do also insert into t values (7);
create view writing_view as select writes();
END

# Those that only read come in first.
my $quiet = come_in_to('read-only');
my $pgoptions = come_in_to('read-only', options => '-c work_mem=1MB');
my $s = come_in_to('read-only');
my $w = come_in_to('read-write');

# Settings.
my $insert = 'insert into t values (9)';
my $rows = qr/cannot execute INSERT in a read-only transaction/;
my $setting = qr/cannot turn off "transaction_read_only" in a read-only session/;
my $default = qr/cannot turn off "default_transaction_read_only" in a read-only session/;
is(statement($s, "show $_")->{rows}[0][0], 'on', "$_ is on from the login") for qw(transaction_read_only default_transaction_read_only);
is_deeply(statement($s, q{select name, setting, reset_val, source from pg_settings where name ~ 'transaction_read_only$' order by name})->{rows},
	[ map { [ $_, 'on', 'on', 'override' ] } qw(default_transaction_read_only transaction_read_only) ], 'and that is what RESET goes back to');
is(statement($w, 'show transaction_read_only')->{rows}[0][0], 'off', 'and is not where the grant is for writing');
attempt($s, $w, 'INSERT', $rows, $insert);
attempt($s, $w, 'SET transaction_read_only', $setting, 'begin', 'set transaction_read_only = off', $insert, 'commit');
attempt($s, $w, 'SET LOCAL transaction_read_only', $setting, 'begin', 'set local transaction_read_only = off', $insert, 'commit');
attempt($s, $w, 'SET TRANSACTION READ WRITE', $setting, 'begin', 'set transaction read write', $insert, 'commit');
attempt($s, $w, 'BEGIN READ WRITE', $setting, 'begin read write', $insert, 'commit');
attempt($s, $w, 'START TRANSACTION READ WRITE', $setting, 'start transaction isolation level serializable, read write', $insert, 'commit');
attempt($s, $w, 'SET SESSION CHARACTERISTICS', $default, 'set session characteristics as transaction read write', $insert);
attempt($s, $w, 'SET default_transaction_read_only', $default, 'set default_transaction_read_only = off', $insert);
attempt($s, $w, 'RESET transaction_read_only', qr/cannot (?:be reset|execute INSERT|turn off)|read-only/, 'begin', 'reset transaction_read_only', $insert, 'commit') if $node->pg_version < 16;
attempt($s, $w, 'RESET default_transaction_read_only', $rows, 'reset default_transaction_read_only', $insert);
attempt($s, $w, 'SET TO DEFAULT', $rows, 'set default_transaction_read_only to default', $insert);
attempt($s, $w, 'RESET ALL', $rows, 'reset all', $insert);
attempt($s, $w, 'DISCARD ALL', $rows, 'discard all', $insert);
attempt($s, $w, 'set_config', $default, q{select set_config('default_transaction_read_only', 'off', false)}, $insert);
attempt($s, undef, 'set_config in a transaction', $setting, 'begin', q{select set_config('transaction_read_only', 'off', false)}, $insert, 'commit');
attempt($s, $w, 'COMMIT AND CHAIN', $rows, 'begin', 'commit and chain', $insert, 'commit');
attempt($s, $w, 'a savepoint', $setting, 'begin', 'savepoint a', 'rollback to a', 'set transaction read write', $insert, 'commit');
attempt($s, $w, 'on, then back', $rows, 'begin', 'set local transaction_read_only = on', 'commit', $insert);
is(statement($s, "show $_")->{rows}[0][0], 'on', "$_ is on still") for qw(transaction_read_only default_transaction_read_only);

# What files, roles and databases say is overruled; a client that asks is told no.
as_boss('alter role alice set default_transaction_read_only = off');
as_boss('alter database orders set default_transaction_read_only = off');
reload($node, default_transaction_read_only => 'off');
windows('read-only');
my $later = session($node, user => 'alice', database => 'orders');
like(first_error($later, $insert)->{M}, $rows, 'ALTER ROLE, ALTER DATABASE and the file say off: INSERT is refused');
like(first_error($s, $insert)->{M}, $rows, 'the file was read again meanwhile: INSERT is refused');
for (['options', '-c default_transaction_read_only=off'], [ 'default_transaction_read_only', 'off' ])
{
	eval { session($node, user => 'alice', database => 'orders', @$_); 1 };
	like($@, qr/^refused: cannot turn off "default_transaction_read_only" in a read-only session/, "$_->[0] of the start-up packet: refused");
}
like(first_error($pgoptions, $insert)->{M}, $rows, 'other options of the client: let in, to read');
as_boss("alter $_ reset default_transaction_read_only") for 'role alice', 'database orders';
windows('both');
$w = session($node, user => 'alice', database => 'orders');

# Statements that write rows.
attempt($s, $w, 'UPDATE', qr/UPDATE/, 'update t set n = n');
attempt($s, $w, 'DELETE', qr/DELETE/, 'delete from t where false');
attempt($s, $w, 'MERGE', qr/MERGE/, 'merge into t using (select 1) x on false when not matched then insert values (1)') if $node->pg_version >= 15;
attempt($s, $w, 'WITH ... INSERT', qr/cannot execute SELECT in a read-only transaction/, 'with x as (insert into t values (1) returning n) select * from x');
attempt($s, $w, 'EXPLAIN ANALYZE INSERT', $rows, 'explain analyze insert into t values (1)');
attempt($s, $w, 'a prepared statement', $rows, 'prepare p as insert into t values (1)', 'execute p', 'deallocate p');
attempt($s, $w, 'SELECT FOR UPDATE', qr/SELECT FOR UPDATE/, 'select * from t for update');
attempt($s, $w, 'SELECT FOR KEY SHARE', qr/SELECT FOR KEY SHARE/, 'select * from t for key share');
attempt($s, $w, 'a rule', qr/UPDATE|INSERT/, 'update v set n = n');
attempt($s, $w, 'COPY (INSERT ...)', $rows, 'copy (insert into t values (1) returning n) to stdout');
attempt($s, undef, 'COPY FROM STDIN', qr/COPY FROM/, 'copy t from stdin');

# Code of the person's own.
attempt($s, $w, 'a DO block', $rows, q{do $$ begin insert into t values (1); end $$});
attempt($s, $w, 'a function', $rows, 'select writes()');
attempt($s, $w, 'a function by EXECUTE', $rows, 'select spi()');
attempt($s, $w, 'a function of SECURITY DEFINER', $rows, 'select defines()');
attempt($s, $w, 'a function in SQL', $rows, 'select in_sql()');
attempt($s, undef, 'a function with SET transaction_read_only', $setting, 'select sets_clause()');
attempt($s, $w, 'a function with SET default_transaction_read_only', $default, 'select sets_default()');
attempt($s, undef, 'a function that sets', $setting, 'select sets_inside()');
attempt($s, undef, 'a function that takes no for an answer', $setting, 'select handles()');
attempt($s, $w, 'a procedure that commits', $setting, 'call commits()');
attempt($s, $w, 'a cast', $rows, 'select row(1, 2)::pair::integer');
attempt($s, $w, 'a cast that to_json finds by itself', qr/cannot execute lo_create\(\)/, q{select to_json('fine'::mood)});
attempt($s, $w, 'an operator', $rows, 'select #! 1');
attempt($s, $w, 'an aggregate', $rows, 'select writing_sum(1)');
attempt($s, $w, 'the check of a domain', $rows, 'select 1::checked');
attempt($s, $w, 'a view', $rows, 'select * from writing_view');
attempt($s, $w, 'a cursor', $rows, 'begin', 'declare c cursor for select writes()', 'fetch c', 'commit');
is(statement($quiet, 'select count(*) from v')->{rows}[0][0] > 1, 1, 'a session that tried nothing reads what the other wrote');

done_testing();
