# SPDX-License-Identifier: Apache-2.0
# A revocation that falls between a backend's look into the table and its timer: the worker pokes whoever has a slot,
# let in or not yet, and the poke waits for the timer. The backend is held there by strace.
use strict;
use warnings;
use Grantd;
use Inside;
use IPC::Run ();
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

plan skip_all => 'no strace' if !grep { -x "$_/strace" } split /:/, $ENV{PATH};

my $timer_create = { x86_64 => 222, aarch64 => 107 }->{ (POSIX::uname())[4] } // plan skip_all => 'not known: the number of timer_create';
my $node = server(hba => 'local all all trust');
$node->safe_psql('postgres', "create role alice login; create database orders");
my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
my $trace = "$ENV{TESTDATADIR}/trace";
my @window = (id => 'pg:alice', role => 'alice', database => 'orders');
ok(wait_for(sub { worker_pid($node) }), 'the worker runs');

my $err = '';
my $strace = IPC::Run::start([ 'strace', '-f', '-o', $trace, '-e', 'trace=timer_create', '-e',
		'inject=timer_create:delay_enter=3000000', '-p', $postmaster ], '2>', \$err, IPC::Run::timeout(120));
wait_for(sub { $strace->pump_nb; $err =~ /attached|not permitted/ }, 20);
if ($err !~ /attached/ || $err =~ /not permitted/)
{
	$strace->kill_kill;
	plan skip_all => "strace may not attach here: $err";
}

# In timer_create, which it calls once it has been let in.
sub is_held
{
	my ($children) = slurp_file("/proc/$postmaster/task/$postmaster/children");
	for my $pid (split ' ', $children)
	{
		my $call = eval { slurp_file("/proc/$pid/syscall") } // next;
		return 1 if $call =~ /^$timer_create /;
	}
	return 0;
}

truth(record('window', @window));
my $child = fork // die;
if (!$child)
{
	# Writes down how long it was inside: not at all, if it was put out before it could say a word.
	my $session = eval { come_in($node, user => 'alice', database => 'orders') };
	my $in = time;
	my $late = $session ? gone_after($session, $in, 30) : $@ =~ /was refused: (?:terminating connection|the grant was revoked)/ ? 0 : $@;
	open my $out, '>', "$ENV{TESTDATADIR}/late" or die;
	print $out $late // 'never';
	close $out;
	POSIX::_exit(0);
}
ok(wait_for(\&is_held, 20), 'it has looked, and has no timer yet');
truth(record('ended', @window, how => 'revoked', ago => 0));
waitpid $child, 0;
my $late = slurp_file("$ENV{TESTDATADIR}/late");
like($late, qr/^-?\d/, 'it was put out') and cmp_ok($late, '<', 1, sprintf 'after %.0f ms inside', $late * 1000);
kill 'INT', $strace->{KIDS}[0]{PID};
$strace->finish;
like(slurp_file($trace), qr/timer_create\(CLOCK_BOOTTIME.*DELAYED/, 'it really was held');

never_crashed($node);
done_testing();
