# SPDX-License-Identifier: Apache-2.0
# pg_grantd's truth table (the head of pg_hook/pg_grantd.cc, the same numbers) under trust.
#
# Let in, if
#	 1. grantd.mode is off
#	 2. the role is in grantd.exempt_roles (logged loudly)
#	 3. the role is in grantd.service_roles (not logged)
#	 4. an open window names the identity, the role and the database of this cluster
#	 5. grantd.mode is audit (the log says what would have been refused)
# Refused, if
#	 6. no window names it
#	 7. its window has ended, was revoked or given back, or has not opened yet
#	 8. it is locked, or the whole table is
#	 9. the table is not as it must be (005_table_faults.pl)
#	10. the server proved no identity (002_methods.pl)
#	11. the end of its window could not be kept (010_ends_refused.pl)
#	12. its window is for reading only, and its role cannot be held to that (015_read_only_roles.pl)
use strict;
use warnings;
use utf8;
use Grantd;
use Test::More;

my $node = server(
	hba => 'local all all trust',
	conf => "grantd.service_roles = 'replicator, \"Odd, Name\"'");
$node->safe_psql('postgres', <<'END');
create role alice login;
create role bob login;
create role replicator login;
create role "Odd, Name" login;
create role auditor superuser login;
create database orders;
create database other;
END
my @point = record('point', database => 'orders', resource => 'orders-db');
my $orders = 'dbname=orders user=alice';

sub window { my (%more) = @_; return record('window', id => 'pg:alice', database => 'orders', role => 'alice', %more); }

# 4, 6: an open window, and everything beside it.
truth(@point);
my $did = refused($node, $orders, qr/FATAL:  no open grant for role "alice" on database "orders"$/m, '6 no window');
like($did->{err}, qr/^HINT:  ask for one: grantctl request orders-db --for 1h --reason "\.\.\."$/m, '6 the hint names the resource');
like($did->{log}, qr/FATAL:  no open grant .*\n.*DETAIL:  asked as pg:alice$/m, '6 the log says as whom was asked');
$did = refused($node, 'dbname=other user=alice', qr/role "alice" on database "other"/, '6 a database of no resource');
like($did->{err}, qr/^HINT:  see: grantctl resources$/m, '6 its hint');
my $error = start_packet($node, user => 'alice', database => 'orders');
is($error->{C}, '28000', '6 the client sees SQLSTATE 28000');
is($error->{S}, 'FATAL', '6 and FATAL');
is($error->{D}, undef, '6 and no detail beyond the message');
is($error->{H}, 'ask for one: grantctl request orders-db --for 1h --reason "..."', '6 and the hint');

truth(@point, window());
$did = let_in($node, $orders, '4 inside the window');
is($did->{out}, 'alice', '4 as the role');
like($did->{err}, qr/\ANOTICE:  access to orders-db until $clock \((1 h|59 min) left\)\n\z/, '4 told until when, and no more');
unlike($did->{log}, qr/grant|break-glass/, '4 nothing is said in the log');
refused($node, 'dbname=orders user=bob', qr/no open grant for role "bob"/, '6 another person');
refused($node, 'dbname=other user=alice', qr/no open grant/, '6 another database');
truth(window(database => 'other'), window(cluster => 'second'), window(role => 'bob'), window(id => 'os:alice'),
	window(id => 'dn:alice'), window(id => 'krb:alice'), window(id => 'pg:Alice'), window(replication => 1));
refused($node, $orders, qr/no open grant/, '6 windows of another database, cluster, role, identity, case, replication');
truth(record('window', id => 'pg:alice', role => 'alice'));
let_in($node, $orders, '4 a window of any database');
truth(window(cluster => '*'));
let_in($node, $orders, '4 a window of any cluster');
truth(window(start => -7200, end => -3600), window(), window(start => 3600, end => 7200));
let_in($node, $orders, '4 one of three windows is open');
refused($node, 'dbname=nowhere user=alice', qr/no open grant/, '6 a database that does not exist is not told apart');
refused($node, 'dbname=orders user=nobody_here', qr/no open grant/, '6 nor a role that does not exist');

# 7
truth(@point, window(start => -7200, end => -1));
$did = refused($node, $orders, qr/FATAL:  the grant has ended for role "alice" on database "orders"/, '7 expired');
like($did->{err}, qr/^DETAIL:  the grant g-\S+ for orders-db ended at \d/m, '7 expired: which and when');
like($did->{err}, qr/^HINT:  ask for one: grantctl request orders-db --for 1h --reason "\.\.\."$/m, '7 expired: what helps');
truth(@point, window(start => 3600, end => 7200));
$did = refused($node, $orders, qr/FATAL:  the grant is not open yet for role "alice"/, '7 future');
like($did->{err}, qr/^DETAIL:  the grant g-\S+ for orders-db opens at \d/m, '7 future: which and when');
my @ended = (id => 'pg:alice', database => 'orders', role => 'alice');
truth(@point, record('ended', @ended, how => 'revoked'));
$did = refused($node, $orders, qr/FATAL:  the grant was revoked for role "alice"/, '7 revoked');
like($did->{err}, qr/^DETAIL:  the grant g-\S+ for orders-db was revoked at \d/m, '7 revoked: which and when');
truth(@point, record('ended', @ended, how => 'given-back'));
$did = refused($node, $orders, qr/FATAL:  the grant has ended for role "alice"/, '7 given back');
like($did->{err}, qr/^DETAIL:  .* was given back at \d/m, '7 given back: which and when');
truth(@point, record('ended', @ended, how => 'revoked'), window());
let_in($node, $orders, '4 a new window beside a revoked one');

# 8
truth(@point, window(), record('lock', id => 'pg:alice', text => 'incident 4711'));
$did = refused($node, $orders, qr/FATAL:  access is locked for role "alice" on database "orders"/, '8 locked');
like($did->{err}, qr/^DETAIL:  locked: incident 4711$/m, '8 locked: the text');
truth(window(), "locked\n");
$did = refused($node, $orders, qr/FATAL:  access is locked/, '8 the whole table');
like($did->{err}, qr/^HINT:  tell the administrator: grantctl status$/m, '8 the whole table: what helps');

# 2, 3: with a table that lets nobody in.
$did = let_in($node, 'dbname=postgres user=postgres', '2 break-glass');
is($did->{err}, '', '2 the client hears nothing');
like($did->{log}, qr/WARNING:  break-glass: role "postgres" let in without a grant on database "postgres"$/m, '2 loud');
$did = let_in($node, 'dbname=postgres user=replicator', '3 service');
unlike($did->{log}, qr/grant|break-glass|WARNING/, '3 the log is silent about it');
$did = let_in($node, q{dbname=postgres user='Odd, Name'}, '3 a service role whose name needs quotes');
unlike($did->{log}, qr/grant|break-glass|WARNING/, '3 silent too');
refused($node, 'dbname=postgres user=auditor', qr/access is locked/, '8 a superuser who is not listed');
reload($node, 'grantd.service_roles' => 'replicator, postgres');
$did = let_in($node, 'dbname=postgres user=postgres', '2 in both lists');
like($did->{log}, qr/WARNING:  break-glass: role "postgres"/, '2 in both lists: loud');
reload($node, 'log_min_messages' => 'error');
$did = let_in($node, 'dbname=postgres user=postgres', '2 in a log without warnings');
like($did->{log}, qr/LOG:  break-glass: role "postgres"/, '2 in a log without warnings: loud');
reload($node, 'log_min_messages' => 'warning');

# 5, 1
reload($node, 'grantd.mode' => 'audit');
truth(@point, window());
$did = let_in($node, $orders, '5 audit, inside the window');
unlike($did->{log}, qr/would be refused/, '5 nothing would have been refused');
truth(@point);
$did = let_in($node, $orders, '5 audit, no window');
like($did->{log}, qr/LOG:  grantd.mode is audit, would be refused: no open grant for role "alice" on database "orders"$/m,
	'5 the log says what would have been refused');
unlike($did->{log}, qr/WARNING|FATAL/, '5 no more than that');
unlink table_file();
$did = let_in($node, $orders, '5 audit, no table');
like($did->{log}, qr/would be refused: no grant can be looked up/, '5 audit, no table: said');
reload($node, 'grantd.mode' => 'off');
$did = let_in($node, $orders, '1 off');
unlike($did->{log}, qr/no open grant|looked up|would be refused|break-glass/, '1 off: not a word');
$did = let_in($node, 'dbname=postgres user=postgres', '1 off, break-glass role');
unlike($did->{log}, qr/break-glass/, '1 off: not a word about it');
reload($node, 'grantd.mode' => 'enforce');
refused($node, $orders, qr/no grant can be looked up/, '9 enforced again');

# Names: bytewise, as the server has them.
for my $name ('Alice', 'two words', 'o"brien', 'Zoë', '愛子', "it's", 'a' x 63)
{
	utf8::encode(my $bytes = $name);
	(my $sql = $bytes) =~ s/"/""/g;
	(my $conn = $bytes) =~ s/([\\'])/\\$1/g;
	$node->safe_psql('postgres', qq{create role "$sql" login; create database "$sql"});
	truth();
	refused($node, "dbname='$conn' user='$conn'", qr/no open grant for role "\Q$bytes\E" on database "\Q$bytes\E"/,
		"6 role and database $bytes");
	truth(record('window', id => "pg:$bytes", role => $bytes));
	is(let_in($node, "dbname=orders user='$conn'", "4 role $bytes")->{out}, $bytes, "4 as $bytes");
	truth(record('window', id => 'pg:alice', database => $bytes, role => 'alice'));
	let_in($node, "dbname='$conn' user=alice", "4 database $bytes");
}
# 64 bytes: the server itself cuts both names, before anybody is asked.
truth(record('window', id => 'pg:' . 'a' x 63, role => 'a' x 63));
is(let_in($node, 'dbname=' . 'a' x 64 . ' user=' . 'a' x 64, '4 64 bytes')->{out}, 'a' x 63, '4 64 bytes: as the server cut them');
truth(record('window', id => 'pg:alice', role => 'alice'));
refused($node, 'dbname=orders user=alice@REALM', qr/no open grant/, '6 alice@REALM');
refused($node, 'dbname=orders user=-1', qr/no open grant/, '6 -1');
refused($node, "dbname=orders user='alice\x01'", qr/no open grant/, '6 a control byte');

done_testing();
