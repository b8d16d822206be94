# SPDX-License-Identifier: Apache-2.0
# Replication connections: physical asks for replication without a database, logical (replication=database) for
# replication of that database. A window for logins is none for replication, nor the other way round.
use strict;
use warnings;
use Grantd;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = server(
	streaming => 'logical',
	hba => "local all all trust\nlocal replication all trust\n");
$node->safe_psql('postgres', <<'END');
create role alice login replication;
create role replicator login replication;
create database orders;
END

my $physical = 'replication=1 user=alice';
my $logical = 'replication=database dbname=orders user=alice';
sub window { my (%more) = @_; return record('window', id => 'pg:alice', role => 'alice', %more); }

# IDENTIFY_SYSTEM speaks the replication protocol: the simplest proof of being inside.
sub replicate
{
	my ($connstr) = @_;
	my $mark = log_mark($node);
	my ($out, $err) = ('', '');
	my $where = 'host=' . $node->host . ' port=' . $node->port;
	IPC::Run::run([ 'psql', '-XAt', '-d', "$where $connstr", '-c', 'IDENTIFY_SYSTEM' ], '>', \$out, '2>', \$err);
	return { status => $? >> 8, out => $out, err => $err, log => log_since($node, $mark) };
}

for (['physical', $physical, 'physical replication', {}, 'no database'],
	['logical', $logical, 'replication of database "orders"', { database => 'orders' }, 'the database'])
{
	my ($kind, $connstr, $place, $database) = @$_;
	my @here = (%$database, replication => 1);
	@here = (replication => 1, database => '') if $kind eq 'physical';

	truth();
	my $did = replicate($connstr);
	is($did->{status}, 2, "$kind without a grant: refused");
	like($did->{err}, qr/FATAL:  no open grant for role "alice" on \Q$place\E$/m, "$kind without a grant: says what of");
	like($did->{err}, qr/^HINT:  \S/m, "$kind without a grant: with a hint");
	like($did->{log}, qr/ 28000 FATAL: /, "$kind without a grant: SQLSTATE");
	truth(window(), window(database => 'orders'));
	$did = replicate($connstr);
	like($did->{err}, qr/no open grant/, "$kind: a window for logins is none for replication");
	truth(window(@here, start => -60, end => -1));
	like(replicate($connstr)->{err}, qr/the grant has ended/, "$kind, expired");
	truth(window(@here, start => 60, end => 120));
	like(replicate($connstr)->{err}, qr/not open yet/, "$kind, future");
	truth(record('ended', id => 'pg:alice', role => 'alice', @here, how => 'revoked'));
	like(replicate($connstr)->{err}, qr/was revoked/, "$kind, revoked");
	truth(window(@here));
	$did = replicate($connstr);
	is($did->{status}, 0, "$kind inside the window: let in") or diag($did->{err});
	like($did->{out}, qr/^\d+\|/, "$kind inside the window: replicates");
	refused($node, 'dbname=orders user=alice', qr/no open grant/, "$kind: its window is none for logins");
}

truth(window(database => '', replication => 1));
like(replicate($logical)->{err}, qr/no open grant/, 'a window for physical replication is none for logical');
truth(window(database => 'orders', replication => 1));
like(replicate($physical)->{err}, qr/no open grant/, 'nor the other way round');
truth(window(database => 'postgres', replication => 1));
like(replicate($logical)->{err}, qr/no open grant/, 'logical replication of another database');

# The programs that people and standbys use.
my @where = ('-h', $node->host, '-p', $node->port);
my $to = "$ENV{TESTDATADIR}/received";
mkdir $to;
sub receive
{
	my ($role) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'pg_receivewal', @where, '-U', $role, '-w', '-n', '-D', $to, '--create-slot', '-S', "slot_$role" ],
		'>', \$out, '2>', \$err);
	return ($? >> 8, $err);
}
truth();
my ($status, $err) = receive('alice');
isnt($status, 0, 'pg_receivewal without a grant: refused');
like($err, qr/no open grant for role "alice" on physical replication/, 'pg_receivewal without a grant: says why');
truth(window(database => '', replication => 1));
($status, $err) = receive('alice');
is($status, 0, 'pg_receivewal inside the window: let in') or diag($err);
truth();
reload($node, 'grantd.service_roles' => 'replicator');
my $mark = log_mark($node);
($status, $err) = receive('replicator');
is($status, 0, 'pg_receivewal as a service role: let in') or diag($err);
unlike(log_since($node, $mark), qr/grant |break-glass/, 'pg_receivewal as a service role: not a word');

# A standby streams as the exempt role here, and has a gate of its own.
$node->backup('base');
ok(-f $node->backup_dir . '/base/PG_VERSION', 'pg_basebackup as break-glass');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
refused($standby, 'dbname=orders user=alice', qr/no open grant/, 'on a standby without a grant');
truth(window(database => 'orders'));
is(let_in($standby, 'dbname=orders user=alice', 'on a standby inside the window')->{out}, 'alice', 'on a standby, as the role');

done_testing();
