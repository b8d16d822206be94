# SPDX-License-Identifier: Apache-2.0
# Trusted PL/Perl lets anybody who may write a function ignore signals: SIGTERM, and the one by which a session is
# ended. All are gone within a second of the end all the same.
use strict;
use warnings;
use Grantd;
use PostgreSQL::Test::Utils;
use Test::More;

my $ignore = q{$SIG{$_} = 'IGNORE' for 'TERM', 'NUM41', 'RTMIN';};
my $node = server();
my $has_perl = $node->safe_psql('postgres', "select count(*) from pg_available_extensions where name = 'plperl'");
plan skip_all => 'there is no PL/Perl for this server' unless $has_perl;
$node->safe_psql('postgres', 'create role alice login; create database orders');
$node->safe_psql('orders', 'create extension plperl; grant create on schema public to alice');

my %alice = (user => 'alice', database => 'orders');
my $admin = session($node, user => 'postgres', database => 'orders');
truth(record('window', id => 'pg:alice', role => 'alice', database => 'orders'));

sub perl_function
{
	my ($s, $name, $body) = @_;
	my $did = statement($s, "create function $name() returns int volatile language plperl as \$\$ $body \$\$");
	is_deeply($did->{errors}, [], "$name() is made");
}
my $maker = session($node, %alice);
perl_function($maker, 'deaf', "$ignore 1");
perl_function($maker, 'deaf_and_dead', "$ignore die 'on purpose'");
perl_function($maker, 'deaf_within', "$ignore spi_exec_query('select pg_sleep(900)'); 1");
perl_function($maker, 'deaf_between',
	"my \$c = spi_query('select pg_sleep(0.1) from generate_series(1, 100000)'); do { $ignore } while (defined spi_fetchrow(\$c)); 1");
perl_function($maker, 'swallows', "$ignore while (1) { eval { spi_exec_query('select pg_sleep(900)') } }");
undef $maker;

# How a process stands to the signals, by the kernel.
sub ignores
{
	my ($pid, $signal) = @_;
	slurp_file("/proc/$pid/status") =~ /^SigIgn:\s*([0-9a-f]+)/m or die;
	return (hex(substr($1, -16)) >> ($signal - 1)) & 1;
}

my @cases = (
	[ 'idle after it', ['select deaf()'], 'idle' ],
	[ 'asleep after it', [ 'select deaf()', 'select pg_sleep(900)' ], 'active' ],
	[ 'asleep in the same statement', ['select deaf(), pg_sleep(900)'], 'active' ],
	[ 'idle after one that fails', ['select deaf_and_dead()'], 'idle' ],
	[ 'idle after DO', ["do language plperl \$\$ $ignore \$\$"], 'idle' ],
	[ 'asleep within it', ['select deaf_within()'], 'active' ],
	[ 'fetching within it', ['select deaf_between()'], 'active' ],
	[ 'swallowing what fails', ['select swallows()'], 'active' ]);
my %inside;
for (@cases)
{
	my ($name, $statements, $state) = @$_;
	my $s = $inside{$name} = session($node, %alice);
	my $last = pop @$statements;
	statement($s, $_) for @$statements;
	send_message($s, 'Q', "$last\0");
	# The fault has happened: SIGTERM does nothing any more.
	eventually { ignores($s->{pid}, 15) } "$name: SIGTERM is ignored";
	eventually {
		statement($admin, 'select pg_stat_clear_snapshot()');
		@{ statement($admin, "select 1 from pg_stat_activity where pid = $s->{pid} and state like '$state%'")->{rows} };
	}
	"$name: is doing it";
}

truth(record('window', id => 'pg:alice', role => 'alice', database => 'orders', end => 3));
my $end = published_at() + 3;
my %gone;
eventually {
	for my $name (keys %inside) { $gone{$name} //= boot_now() if is_gone($inside{$name}{pid}); }
	keys %gone == keys %inside || boot_now() > $end + 10;
}
'they are gone', 30;
for my $name (sort keys %inside)
{
	my $late = defined $gone{$name} ? $gone{$name} - $end : 9999;
	cmp_ok($late, '<=', 1, sprintf '%s: gone %.3f s after the end', $name, $late);
	cmp_ok($late, '>=', 0, "$name: not before it");
}
unlike(slurp_file($node->logfile), qr/terminating any other active server processes|reinitializing|was terminated by signal|PANIC|TRAP/,
	'the server did not restart');

done_testing();
