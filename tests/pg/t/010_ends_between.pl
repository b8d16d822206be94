# SPDX-License-Identifier: Apache-2.0
# A revocation between a login's lookup and its admission: the backend is held (strace delays its read of the table)
# until the table that lets it in is no longer the one in force. It has its slot by then and its signal waits: it is
# refused after all, at once, and does not live until it asks again of itself.
use strict;
use warnings;
use Grantd;
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;

my $node = server(hba => 'local all all trust');
$node->safe_psql('postgres', 'create role alice login');
$node->safe_psql('postgres', 'create database orders');
my @of = (id => 'pg:alice', database => 'orders', role => 'alice');

my ($out, $err) = ('', '');
my ($postmaster) = split /\n/, slurp_file($node->data_dir . '/postmaster.pid');
my $trace = "$ENV{TESTDATADIR}/trace";
my $held = 1.5;
my $probe = IPC::Run::run([ 'strace', '-o', '/dev/null', 'true' ], '>', '/dev/null', '2>', '/dev/null');
plan skip_all => 'strace does not work here' if !$probe;

# The worker, too, asks the table: it is not followed, what it reads is not delayed.
my $strace = IPC::Run::start(
	[ 'strace', '-f', '-qq', '-o', $trace, '-P', table_file(), '-e', 'trace=pread64', '-e', 'inject=pread64:delay_exit=' . $held * 1e6 . ':when=1',
		'-p', $postmaster ],
	'>', \$out, '2>', \$err);
eventually { slurp_file("/proc/$postmaster/status") =~ /^TracerPid:\s+[1-9]/m } 'the server is traced';

truth(record('window', @of));
my $client = IPC::Run::start(
	[ 'psql', '-XAtqw', '-d', 'host=' . $node->host . ' port=' . $node->port . ' dbname=orders user=alice', '-c', 'select pg_sleep(900)' ],
	'<', \undef, '>', \my $said, '2>', \my $complained);
eventually { -s $trace && slurp_file($trace) =~ /pread64/ } 'it reads the table';
truth(record('ended', @of, how => 'revoked', ago => 0));
my $revoked = published_at();
eventually { !$client->pumpable || do { $client->pump_nb; 0 } } 'it is out', 30;
$client->finish;
my $took = boot_now() - $revoked;
like(slurp_file($trace), qr/pread64.*\(DELAYED\)/, 'its read was delayed');
cmp_ok($took, '>', 0.5, 'the revocation came in between');
cmp_ok($took, '<', $held + 1.5, sprintf 'out %.3f s after the revocation, %.1f s of which it was held', $took, $held);
like($complained, qr/FATAL:  the grant was revoked for role "alice" on database "orders"$/m, 'and told why');
unlike(slurp_file($node->logfile), qr/connection authorized: user=alice/, 'it never was inside');
$strace->signal('INT');
$strace->finish;
eventually { slurp_file("/proc/$postmaster/status") =~ /^TracerPid:\s+0/m } 'the server is let go';

done_testing();
