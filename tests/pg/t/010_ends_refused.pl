# SPDX-License-Identifier: Apache-2.0
# Who could not be put out in time is not let in: without a kernel timer, or with the signal in somebody else's use.
use strict;
use warnings;
use Grantd;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = server(hba => 'local all all trust', conf => "grantd.service_roles = 'replicator'");
$node->safe_psql('postgres', <<'END');
create role alice login;
create role replicator login;
create database orders;
END
my $orders = 'dbname=orders user=alice';
truth(record('window', id => 'pg:alice', database => 'orders', role => 'alice'));
let_in($node, $orders, 'before');

sub refused_in_these_words
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($because, $name) = @_;
	my $did = login($node, $orders);
	is($did->{status}, 2, "$name: refused");
	like($did->{err}, qr/FATAL:  this session could not be ended in time, so it does not begin$/m, "$name: says why");
	like($did->{err}, $because, "$name: what was missing");
	like($did->{err}, qr/^HINT:  \S/m, "$name: with a hint");
	like($did->{log}, qr/ 53000 FATAL:  this session could not be ended/, "$name: logged");
	return;
}

# No timers.
my ($postmaster) = split /\n/, slurp_file($node->data_dir . '/postmaster.pid');
my ($hard) = slurp_file("/proc/$postmaster/limits") =~ /^Max pending signals\s+(\d+)/m;
system_or_bail('prlimit', '--pid', $postmaster, '--sigpending=0:');
like(slurp_file("/proc/$postmaster/limits"), qr/^Max pending signals\s+0\s/m, 'the server has no timers to give');
refused_in_these_words(qr/^DETAIL:  timer_create: Resource temporarily unavailable$/m, 'no timer');
let_in($node, 'dbname=postgres user=postgres', 'no timer: break-glass');
let_in($node, 'dbname=postgres user=replicator', 'no timer: a service role');
reload($node, 'grantd.mode' => 'audit');
let_in($node, $orders, 'no timer: audit');
reload($node, 'grantd.mode' => 'enforce');
system_or_bail('prlimit', '--pid', $postmaster, "--sigpending=$hard:");
let_in($node, $orders, 'timers again');

# A signal that is taken: ignored by who started the server.
$node->stop;
{
	local $SIG{NUM41} = 'IGNORE';
	$node->start;
}
($postmaster) = split /\n/, slurp_file($node->data_dir . '/postmaster.pid');
my ($ignored) = slurp_file("/proc/$postmaster/status") =~ /^SigIgn:\s+([0-9a-f]+)/m;
ok(hex($ignored) & (1 << 40), 'the signal is taken');
refused_in_these_words(qr/^DETAIL:  its signal: Device or resource busy$/m, 'a signal that is taken');
let_in($node, 'dbname=postgres user=postgres', 'a signal that is taken: break-glass');
$node->restart;
let_in($node, $orders, 'the signal is free');

done_testing();
