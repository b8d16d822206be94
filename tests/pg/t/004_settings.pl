# SPDX-License-Identifier: Apache-2.0
# pg_grantd's settings: changed by a reload only, refused when bad (the old value stays), out of a client's reach;
# the module loads with the server or not at all; a hook that was there before it is called first.
use strict;
use warnings;
use Grantd;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = server(hba => "local secret all scram-sha-256\nlocal all all trust\n", preload => ['previous_hook.so']);
$node->safe_psql('postgres', <<'END');
create role alice login password 'secret';
create role boss login superuser;
create role "Mixed Case" login;
create role "comma, role" login;
create database orders;
create database secret;
END
truth();
my $orders = 'dbname=orders user=alice';
sub setting { my ($name) = @_; return $node->safe_psql('postgres', "select current_setting('$name')"); }

# Defaults.
is(setting('grantd.mode'), 'enforce', 'mode: enforce unless told otherwise');
is(setting('grantd.cluster'), 'main', 'cluster: main');
is(setting('grantd.exempt_roles'), 'postgres', 'exempt roles: postgres, so that nobody loses their cluster');
is(setting('grantd.service_roles'), '', 'service roles: none');
is($node->safe_psql('postgres', q{select string_agg(boot_val, ' ' order by name) from pg_settings where name in ('grantd.table', 'grantd.report')}),
	'/run/grantd/report.sock /run/grantd/windows', "table and socket: grantd's own");
is($node->safe_psql('postgres', q{select count(*) from pg_settings where name like 'grantd.%' and context <> 'sighup'}), '0',
	'all of them change by a reload only');
# The name beside the value that is assumed for it, in both.
is(join("\n", sort(slurp_file("$ENV{GRANTD_DIR}/pg_grantd.7.scd") =~ /^\*(grantd\.\w+\* = .*)$/mg)),
	$node->safe_psql('postgres', q{select name || '* = ' || case vartype when 'enum' then boot_val else quote_literal(boot_val) end
		from pg_settings where name like 'grantd.%' order by 1}), 'pg_grantd(7) has all of them, with their defaults');

# Out of reach of the one who logs in, even of one who is let in.
truth(record('window', id => 'pg:alice', role => 'alice'));
like(login($node, "$orders options='-c grantd.mode=off'")->{err}, qr/parameter "grantd.mode" cannot be changed now/,
	'not by connection options');
for my $sql ("set grantd.mode = off", "alter role alice set grantd.mode = off", "alter database orders set grantd.mode = off")
{
	my ($status, $out, $err) = $node->psql('postgres', $sql);
	isnt($status, 0, "not by: $sql");
}
truth();
refused($node, "$orders options='-c grantd.mode=off'", qr/no open grant/, 'connection options do not let in');
refused($node, "$orders options='-c grantd.exempt_roles=alice'", qr/no open grant/, 'nor do they exempt');

# A bad value is refused at the reload, and the old one stays.
for (['grantd.mode', 'perhaps', 'enforce'], ['grantd.mode', '', 'enforce'], ['grantd.exempt_roles', 'postgres,,alice', 'postgres'],
	['grantd.exempt_roles', '"postgres', 'postgres'], ['grantd.exempt_roles', 'postgres alice', 'postgres'],
	['grantd.service_roles', 'alice,', ''], ['grantd.table', 'windows', table_file()], ['grantd.table', '', table_file()],
	['grantd.report', 'report.sock', ''], ['grantd.report', '/' . 'x' x 108, ''], ['grantd.cluster', '', 'main'],
	['grantd.cluster', 'a/b', 'main'], ['grantd.cluster', 'x' x 64, 'main'])
{
	my ($name, $bad, $stays) = @$_;
	my $mark = log_mark($node);
	my $before = slurp_file($node->data_dir . '/postgresql.conf');
	reload($node, $name => $bad);
	$node->wait_for_log(qr/invalid value for parameter "$name": "\Q$bad\E"/, $mark);
	pass("$name = '$bad': refused, and the log says so");
	is(setting($name), $stays, "$name = '$bad': the old value stays");
	refused($node, $orders, qr/no open grant/, "$name = '$bad': the gate stands");
	$node->append_conf('postgresql.conf', "$name = '$stays'");
}

# Lists: the server's own rules for identifiers.
reload($node, 'grantd.exempt_roles' => 'postgres, ALICE');
like(let_in($node, $orders, 'unquoted is folded: ALICE is alice')->{log}, qr/break-glass: role "alice"/, 'loud for her');
reload($node, 'grantd.exempt_roles' => 'postgres, Mixed Case');
my $mixed = q{dbname=orders user='Mixed Case'};
refused($node, $mixed, qr/no open grant/, 'two words without quotes: a list that is refused');
reload($node, 'grantd.exempt_roles' => 'postgres, "Mixed Case" , "comma, role"');
let_in($node, $mixed, 'quoted is kept as it stands');
let_in($node, q{dbname=orders user='comma, role'}, 'a comma inside quotes');
refused($node, $orders, qr/no open grant/, 'a role that is no longer listed');
reload($node, 'grantd.exempt_roles' => '');
refused($node, 'dbname=postgres user=postgres', qr/no open grant for role "postgres"/, 'nobody exempt: not even postgres');
refused($node, 'dbname=postgres user=boss', qr/no open grant/, 'nor any superuser');
$node->append_conf('postgresql.conf', "grantd.exempt_roles = 'postgres'");
$node->reload;
ok($node->poll_query_until('postgres', 'select true'), 'the way back in: the file and a reload, no login');

# ALTER SYSTEM, as DBAs do it.
$node->safe_psql('postgres', q{alter system set grantd.service_roles = 'alice, "Mixed Case"'});
reload($node);
let_in($node, $mixed, 'ALTER SYSTEM and a reload');
my ($status, $out, $err) = $node->psql('postgres', q{alter system set grantd.exempt_roles = 'a,,b'});
like($err, qr/invalid value for parameter "grantd.exempt_roles"/, 'ALTER SYSTEM refuses a bad list');
($status, $out, $err) = $node->psql('postgres', q{alter system set grantd.exempt_roles = 'postgres', 'Alice'});
like($err, qr/takes only one argument/, 'ALTER SYSTEM refuses a list whose quotes would be lost');
$node->safe_psql('postgres', q{alter system reset grantd.service_roles});
reload($node);

# Another table, another cluster.
truth(record('window', id => 'pg:alice', role => 'alice', cluster => 'second'));
refused($node, $orders, qr/no open grant/, 'a window of cluster second, and this is main');
reload($node, 'grantd.cluster' => 'second');
let_in($node, $orders, 'this is second now');
reload($node, 'grantd.table' => table_file() . '.other');
refused($node, $orders, qr/no grant can be looked up/, 'another table, which is not there');
reload($node, 'grantd.table' => table_file(), 'grantd.cluster' => 'main');

# The hook that was there before.
my $did = refused($node, $orders, qr/no open grant/, 'with a previous hook');
like($did->{log}, qr/LOG:  previous hook: role "alice", status 0\n(.*\n)*.*FATAL:  no open grant/, 'the previous hook is called, first');
$did = login($node, 'dbname=secret user=alice password=wrong');
like($did->{log}, qr/previous hook: role "alice", status -1/, 'the previous hook hears of a failed authentication');
unlike($did->{err} . $did->{log}, qr/grant /, 'of which we say nothing');
reload($node, 'grantd.mode' => 'off');
like(let_in($node, $orders, 'mode off')->{log}, qr/previous hook: role "alice"/, 'the previous hook is called in mode off');
reload($node, 'grantd.mode' => 'enforce');
like(let_in($node, 'dbname=postgres user=postgres', 'break-glass')->{log}, qr/previous hook: role "postgres"/,
	'the previous hook is called for exempt roles');

# Loaded later it is no gate.
my $other = PostgreSQL::Test::Cluster->new('late');
$other->init(extra => [ '-U', 'postgres' ]);
$other->start;
($status, $out, $err) = $other->psql('postgres', "load '$ENV{GRANTD_DIR}/pg_grantd.so'");
isnt($status, 0, 'LOAD: refused');
like($err, qr/ERROR:  pg_grantd must be loaded at the start of the server/, 'LOAD: says why');
like($err, qr/^HINT:  Add pg_grantd to shared_preload_libraries/m, 'LOAD: says what helps');
($status, $out, $err) = $other->psql('postgres', 'select 1', connstr => $other->connstr('postgres'));
is($status, 0, 'and the server goes on');
$other->append_conf('postgresql.conf', "session_preload_libraries = '$ENV{GRANTD_DIR}/pg_grantd.so'");
$other->reload;
$did = undef;
for (1 .. 1000)
{
	$did = login($other, 'dbname=postgres user=postgres');
	last if $did->{status} != 0;
}
like($did->{err}, qr/pg_grantd must be loaded at the start of the server/, 'session_preload_libraries: refused too');

done_testing();
