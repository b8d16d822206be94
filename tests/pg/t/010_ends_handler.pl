# SPDX-License-Identifier: Apache-2.0
# What the signal handler of a backend asks of the kernel: only async-signal-safe calls, whether the session stays,
# ends, or the table is not to be had. (That the module imports no allocator is tests/abi's.)
use strict;
use warnings;
use Grantd;
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;

my $node = server(hba => 'local all all trust', conf => 'max_worker_processes = 0');
$node->safe_psql('postgres', 'create role alice login');
$node->safe_psql('postgres', 'create database orders');
my @of = (id => 'pg:alice', database => 'orders', role => 'alice');
my $window = record('window', @of);
plan skip_all => 'strace does not work here'
  if !IPC::Run::run([ 'strace', '-o', '/dev/null', 'true' ], '>', '/dev/null', '2>', '/dev/null');

my %safe = map { $_ => 1 } qw(openat fstat newfstatat fstatfs read pread64 close clock_gettime getpid timer_settime kill rt_sigreturn);

# The calls of one run of the handler, in order. What it asked of the kernel was read before the kernel did it, so
# that a session is inside still is only known of one that is not to end.
sub calls_of_a_poke
{
	my ($publish, $stays) = @_;
	my $trace = "$ENV{TESTDATADIR}/trace";
	unlink $trace;
	truth($window);
	my $s = session($node, user => 'alice', database => 'orders');
	my $strace = IPC::Run::start([ 'strace', '-qq', '-o', $trace, '-p', $s->{pid} ], '2>', \my $err);
	eventually { slurp_file("/proc/$s->{pid}/status") =~ /^TracerPid:\s+[1-9]/m } 'it is traced';
	$publish->();
	poke($s->{pid});
	eventually { -s $trace && slurp_file($trace) =~ /SIGRT_\d+.*^rt_sigreturn/ms } 'it was poked';
	my @calls = slurp_file($trace) =~ /^--- SIGRT_\d+.*?\n(.*?^rt_sigreturn)/ms ? map { /^(\w+)/ ? $1 : () } split /\n/, $1 : ();
	my $ends = sub { is_gone($s->{pid}) || slurp_file($trace) =~ /SIGTERM \{/ };
	my $inside = $stays ? !$ends->() : !eventually { $ends->() } 'it ends';
	$strace->signal('INT') if $inside;
	undef $s;
	$strace->finish;
	return ($inside, @calls);
}

for (['stays', sub { }, 1, qr/pread64.*timer_settime/],
	['is extended', sub { truth(record('window', @of, end => 7200)) }, 1, qr/pread64.*timer_settime/],
	['has no table', sub { unlink table_file() or die "$!" }, 1, qr/openat.*timer_settime/],
	['ends', sub { truth(record('ended', @of, how => 'revoked', ago => 0)) }, 0, qr/pread64.*kill.*timer_settime/])
{
	my ($name, $publish, $stays, $does) = @$_;
	my ($inside, @calls) = calls_of_a_poke($publish, $stays);
	like("@calls", $does, "a session that $name: it asked");
	is(join(' ', grep { !$safe{$_} } @calls), '', "a session that $name: no call that is not safe");
	is($inside ? 1 : 0, $stays, "a session that $name");
}

done_testing();
