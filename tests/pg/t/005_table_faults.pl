# SPDX-License-Identifier: Apache-2.0
# Case 9 of the truth table: a window table that is not as it must be lets nobody in, says so, and never stops or
# hurts the server; break-glass still works. And a table that is replaced while people log in is always whole.
use strict;
use warnings;
use Grantd;
use IPC::Run ();
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;

my $node = server(hba => 'local all all trust', conf => "grantd.service_roles = 'replicator'");
$node->safe_psql('postgres', <<'END');
create role alice login;
create role bob login;
create role replicator login;
create database orders;
END
my $orders = 'dbname=orders user=alice';
my @windows = (record('window', id => 'pg:alice', database => 'orders', role => 'alice'),
	record('point', database => 'orders', resource => 'orders-db'));
my $table = table_file();
(my $directory = $table) =~ s{/[^/]+$}{};

sub overwrite { my ($bytes) = @_; open my $f, '>:raw', $table or die; print $f $bytes; close $f; chmod 0640, $table; return; }

sub flipped { my ($bytes, @at) = @_; substr($bytes, $_, 1) = chr(ord(substr $bytes, $_, 1) ^ 1) for @at; return $bytes; }

truth(@windows);
let_in($node, $orders, 'the table as it must be');
my $good = slurp_file($table);
my $pages = length($good) / 4096;
cmp_ok($pages, '>=', 2, 'a header and pages') or BAIL_OUT('the format has changed: look at the faults below');

my %faults = (
	'missing' => sub { },
	'empty' => sub { overwrite('') },
	'a header cut short' => sub { overwrite(substr $good, 0, 100) },
	'without pages' => sub { overwrite(substr $good, 0, 4096) },
	'cut short' => sub { overwrite(substr $good, 0, -1) },
	'too long' => sub { overwrite("$good\0") },
	'another magic' => sub { overwrite(flipped($good, 0)) },
	'a flipped bit in the header' => sub { overwrite(flipped($good, 60)) },
	'a flipped checksum of the header' => sub { overwrite(flipped($good, 120)) },
	'a flipped bit in every page' => sub { overwrite(flipped($good, map { $_ * 4096 + 4000 } 1 .. $pages - 1)) },
	'flipped checksums of the pages' => sub { overwrite(flipped($good, map { $_ * 4096 } 1 .. $pages - 1)) },
	'pages of nothing' => sub { overwrite(substr($good, 0, 4096) . "\0" x (4096 * ($pages - 1))) },
	'noise' => sub { srand 7; overwrite(join '', map { chr int rand 256 } 1 .. length $good) },
	'a symbolic link to a good one' => sub { overwrite($good); rename $table, "$table.real"; symlink "$table.real", $table },
	'a FIFO that nobody writes' => sub { POSIX::mkfifo($table, 0640) },
	'a directory' => sub { mkdir $table },
	'writable by the group' => sub { overwrite($good); chmod 0660, $table },
	'writable by everybody' => sub { overwrite($good); chmod 0642, $table },
	'not readable' => sub { overwrite($good); chmod 0, $table },
	'in a directory writable by the group' => sub { overwrite($good); chmod 0775, $directory },
	'in a directory writable by everybody' => sub { overwrite($good); chmod 0757, $directory },
	'in a directory closed to the server' => sub { overwrite($good); chmod 0, $directory },
	'written in the future' => sub { truth(@windows, "ahead\n") });
my ($file_system) = run_command([ 'stat', '-f', '-c', '%T', $directory ]);
if ($file_system eq 'tmpfs')
{
	note 'the directory is on tmpfs, which does not outlive its boot: no test of another boot';
}
else
{
	$faults{'of another boot'} = sub { truth(@windows, "other-boot\n") };
}

for my $fault (sort keys %faults)
{
	unlink $table;
	$faults{$fault}->();
	my $did = refused($node, $orders, qr/FATAL:  no grant can be looked up for role "alice" on database "orders"$/m, "9 $fault");
	like($did->{err}, qr/^DETAIL:  the window table cannot be trusted: \w/m, "9 $fault: which fault");
	like($did->{err}, qr/^HINT:  tell the administrator: grantctl status$/m, "9 $fault: what helps");
	like(let_in($node, 'dbname=postgres user=postgres', "2 $fault: break-glass")->{log}, qr/WARNING:  break-glass/, "2 $fault: loud");
	let_in($node, 'dbname=postgres user=replicator', "3 $fault: a service role");
	chmod 0755, $directory;
	rmdir $table;
	unlink $table, "$table.real";
}
truth(@windows);
let_in($node, $orders, 'the table as it must be, again');

# Replaced as fast as one can while people log in, its writer killed in the middle: never a wrong answer.
sub publish_again
{
	my $out = '';
	my $run = IPC::Run::start([ "$ENV{GRANTD_DIR}/write_table", $table, '--again' ], '<', "$ENV{TESTDATADIR}/truth",
		'>', \$out, IPC::Run::timeout(120));
	$run->pump until $out =~ /published/;
	return $run;
}
open my $truth, '>', "$ENV{TESTDATADIR}/truth" or die;
print $truth @windows;
close $truth;
my ($wrong, $tables) = (0, 0);
my $last = '';
for my $round (1 .. 10)
{
	my $publisher = publish_again();
	for (1 .. 10)
	{
		my $did = login($node, $orders);
		$wrong++, diag($did->{err}) if $did->{status} != 0;
		$did = login($node, 'dbname=orders user=bob');
		$wrong++, diag($did->{err}) if $did->{err} !~ /no open grant for role "bob"/;
		my $now = substr slurp_file($table), 0, 64;
		$tables++ if $now ne $last;
		$last = $now;
	}
	$publisher->kill_kill(grace => 0);
}
is($wrong, 0, 'replaced while connecting: alice always in, bob never');
cmp_ok($tables, '>', 50, 'replaced while connecting: it really was replaced between most looks');
truth(@windows);
let_in($node, $orders, 'after a writer that was killed');

is($node->safe_psql('postgres', 'select pg_postmaster_start_time() = pg_postmaster_start_time()'), 't', 'the server lives');
unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC|crash/, 'and no backend died');
done_testing();
