# SPDX-License-Identifier: Apache-2.0
# What grantd hears of each login on report.sock (PROTOCOL.md, section 2; decoded here by hand), and that nobody
# waits for it: without a socket, with nobody at it, or with one that reads nothing.
use strict;
use warnings;
use Grantd;
use IO::Select;
use IO::Socket::UNIX;
use Socket qw(SOCK_DGRAM);
use Test::More;

my $path = "$ENV{TESTDATADIR}/report.sock";
my $node = server(
	hba => "local replication all trust\nlocal secret all scram-sha-256\nlocal by_peer all peer map=people\nlocal all all trust\n",
	ident => "people postgres app\n", streaming => 1,
	conf => "grantd.report = '$path'\ngrantd.cluster = 'second'\ngrantd.service_roles = 'replicator'");
$node->safe_psql('postgres', <<'END');
create role alice login replication password 'secret';
create role replicator login;
create role app login;
create database orders;
create database secret;
create database by_peer;
END
my $orders = 'dbname=orders user=alice';
my @window = (record('lock', id => 'pg:nobody'), record('window', id => 'pg:alice', role => 'alice', cluster => 'second'));

# Nobody there.
truth(@window);
let_in($node, $orders, 'no socket');
my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $path) or die "$path: $!";
close $socket;
let_in($node, $orders, 'a socket that nobody holds');
unlink $path;

$socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $path) or die "$path: $!";

# What has arrived: the sender sent before its login was answered.
sub reports
{
	my @all;
	while (IO::Select->new($socket)->can_read(0))
	{
		$socket->recv(my $bytes, 1000);
		next if substr($bytes, 0, 4) eq 'gdp1'; # presence: 013_presence.pl
		my %r;
		(@r{qw(magic outcome reason proved_by point flags)}, my @sizes) = unpack 'a4C10', $bytes;
		@r{qw(zero grant boot pid zero_too)} = unpack 'x14 v Q< q< V V', $bytes;
		@r{qw(name place database role remote)} = unpack 'x40' . join('', map { "a$_" } @sizes), $bytes;
		$r{trailing} = length($bytes) - 40 - eval { my $sum = 0; $sum += $_ for @sizes; $sum };
		push @all, \%r;
	}
	return @all;
}

sub one_report
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($what, %expected) = @_;
	my @all = reports();
	is(scalar @all, 1, "$what: one report");
	my $got = $all[0] // {};
	%expected = (magic => 'gdr1', point => 2, flags => 0, proved_by => 2, zero => 0, zero_too => 0, trailing => 0,
		name => 'alice', place => 'second', database => 'orders', role => 'alice', remote => '[local]', grant => 0, %expected);
	is_deeply({ map { $_ => $got->{$_} } keys %expected }, \%expected, "$what: its fields");
	cmp_ok($got->{pid} // 0, '>', 1, "$what: the backend's pid");
	cmp_ok($got->{boot} // 0, '>', 0, "$what: when");
	return;
}

let_in($node, $orders, 'allowed');
one_report('allowed', outcome => 1, reason => 0, grant => 2);
truth();
refused($node, $orders, qr/no open grant/, 'denied');
one_report('denied', outcome => 2, reason => 5);
truth(record('window', id => 'pg:alice', role => 'alice', cluster => 'second', start => 60, end => 120));
refused($node, $orders, qr/not open yet/, 'not yet');
one_report('not yet', outcome => 2, reason => 2, grant => 1);
truth(record('ended', id => 'pg:alice', role => 'alice', cluster => 'second', how => 'revoked'));
refused($node, $orders, qr/was revoked/, 'revoked');
one_report('revoked', outcome => 2, reason => 3, grant => 1);
unlink table_file();
refused($node, $orders, qr/no grant can be looked up/, 'no table');
one_report('no table', outcome => 2, reason => 6);
truth();
let_in($node, 'dbname=postgres user=postgres', 'break-glass');
one_report('break-glass', outcome => 4, reason => 5, name => 'postgres', role => 'postgres', database => 'postgres');
refused($node, 'dbname=by_peer user=app', qr/no open grant/, 'peer');
one_report('peer', outcome => 2, reason => 5, proved_by => 1, name => 'postgres', role => 'app', database => 'by_peer');
login($node, 'replication=1 user=alice');
one_report('physical replication', outcome => 2, reason => 5, flags => 1, database => '');
reload($node, 'grantd.mode' => 'audit');
let_in($node, $orders, 'audit');
one_report('audit', outcome => 3, reason => 5);

# Nothing to tell.
reload($node, 'grantd.mode' => 'off');
let_in($node, $orders, 'mode off');
is(scalar(reports()), 0, 'mode off: no report');
reload($node, 'grantd.mode' => 'enforce');
let_in($node, 'dbname=orders user=replicator', 'a service role');
is(scalar(reports()), 0, 'a service role: no report');
login($node, 'dbname=secret user=alice password=wrong');
is(scalar(reports()), 0, 'refused by the server: no report');
reload($node, 'grantd.report' => '');
refused($node, $orders, qr/no open grant/, 'reports off');
is(scalar(reports()), 0, 'reports off: none');
reload($node, 'grantd.report' => $path);

# A reader that reads nothing: its queue fills, logins go on.
truth(@window);
for (1 .. 600)
{
	last if !sending_works();
}
ok(!sending_works(), 'the queue is full');
let_in($node, $orders, 'a full queue');
refused($node, 'dbname=orders user=app', qr/no open grant/, 'a full queue');

sub sending_works
{
	my $sender = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => $path, Blocking => 0) or die "$path: $!";
	$sender->blocking(0);
	return defined $sender->send('x');
}

done_testing();
