# SPDX-License-Identifier: Apache-2.0
# What the TAP tests of pg_grantd share: a server with the module loaded, the truth in its window table, and
# logins with what came of them. It never waits for time to pass.
package Grantd;
use strict;
use warnings;

use Exporter 'import';
use Fcntl ':mode';
use IO::Socket::UNIX;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes ();

our @EXPORT = qw(server truth record let_in refused login log_since log_mark start_packet can_be os_login
  reload table_file session session_begun session_goes_on send_message statement next_message fields is_gone
  eventually boot_now published_at poke $clock);

# A time as people are told it: with its day when that is another one, with its seconds when they matter.
our $clock = qr/(?:\d{4}-\d\d-\d\d )?\d\d:\d\d(?::\d\d)? \+0000/;

my $dir = $ENV{GRANTD_DIR} or die "run by tests/pg/run";
my $table_dir;

sub table_file { return "$table_dir/windows"; }

# A cluster with pg_grantd loaded, started. hba: pg_hba.conf; ident: pg_ident.conf; conf: more settings;
# preload: other modules, before ours; streaming: as of init.
sub server
{
	my (%given) = @_;
	my $node = PostgreSQL::Test::Cluster->new($given{name} // 'main');

	$table_dir = "$ENV{TESTDATADIR}/" . $node->name . "_table";
	mkdir $table_dir, 0755 or die "$table_dir: $!";
	chmod 0755, $table_dir;
	chmod 0711, $node->host, $PostgreSQL::Test::Utils::tmp_check;
	$node->init(allows_streaming => $given{streaming} // 0, extra => [ '-U', 'postgres', '-E', 'UTF8' ]);
	my $preload = join ',', map { "$dir/$_" } @{ $given{preload} // [] }, 'pg_grantd.so';
	$node->append_conf('postgresql.conf', <<"END");
shared_preload_libraries = '$preload'
grantd.table = '$table_dir/windows'
grantd.report = ''
log_line_prefix = '%m [%p] %q%a %e '
log_connections = on
@{[ $given{conf} // '' ]}
END
	write_over($node, 'pg_hba.conf', $given{hba}) if $given{hba};
	write_over($node, 'pg_ident.conf', $given{ident}) if $given{ident};
	local $ENV{LD_PRELOAD} = $ENV{GRANTD_PRELOAD};
	local $ENV{ASAN_OPTIONS} = 'detect_leaks=0:verify_asan_link_order=0';
	delete $ENV{LD_PRELOAD} unless $ENV{GRANTD_PRELOAD};
	$node->start;
	return $node;
}

sub write_over
{
	my ($node, $file, $text) = @_;
	unlink $node->data_dir . "/$file";
	$node->append_conf($file, $text);
	return;
}

# Changes settings; every login after it has them.
sub reload
{
	my ($node, %settings) = @_;
	my $mark = log_mark($node);
	$node->append_conf('postgresql.conf', "$_ = '$settings{$_}'") for sort keys %settings;
	$node->reload;
	# The postmaster writes this line, reads the file, and only then forks again.
	$node->wait_for_log(qr/received SIGHUP, reloading configuration files/, $mark);
	return;
}

# record('window', id => 'pg:alice', database => 'orders', ...): a line for write_table.
sub record
{
	my ($kind, %fields) = @_;
	return join("\t", $kind, map { "$_=$fields{$_}" } sort keys %fields) . "\n";
}

# Publishes exactly these records.
sub truth
{
	my (@records) = @_;
	my ($out, $err) = ('', '');
	my $text = join '', @records;
	IPC::Run::run([ "$dir/write_table", table_file() ], '<', \$text, '>', \$out, '2>', \$err)
	  or BAIL_OUT("write_table: $err");
	return;
}

sub log_mark { my ($node) = @_; return -s $node->logfile; }
sub log_since { my ($node, $mark) = @_; return PostgreSQL::Test::Utils::slurp_file($node->logfile, $mark); }

# One psql login; what it printed and what the server wrote about it.
sub login
{
	my ($node, $connstr, @as) = @_;
	my $mark = log_mark($node);
	my ($out, $err) = ('', '');
	my $where = 'host=' . $node->host . ' port=' . $node->port;
	IPC::Run::run([ @as, 'psql', '-XAtw', '-d', "$where $connstr", '-c', 'select current_user' ],
		'>', \$out, '2>', \$err, IPC::Run::timeout(60));
	my $status = $? >> 8;
	chomp $out;
	return { status => $status, out => $out, err => $err, log => log_since($node, $mark) };
}

sub let_in
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($node, $connstr, $name, @as) = @_;
	my $did = login($node, $connstr, @as);
	is($did->{status}, 0, "$name: let in") or diag($did->{err});
	return $did;
}

# Refused, by us and not by the server, in these words, with a HINT.
sub refused
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($node, $connstr, $words, $name, @as) = @_;
	my $did = login($node, $connstr, @as);
	is($did->{status}, 2, "$name: refused");
	like($did->{err}, $words, "$name: says why");
	like($did->{err}, qr/^HINT:  \S+/m, "$name: with a hint");
	like($did->{log}, qr/ 28000 FATAL: /, "$name: SQLSTATE 28000");
	return $did;
}

# Can the tests take the place of other OS users?
sub can_be
{
	my ($user) = @_;
	return 0 unless defined getpwnam($user);
	return IPC::Run::run([ as($user), 'true' ], '>', '/dev/null', '2>', '/dev/null');
}

sub as
{
	my ($user) = @_;
	my ($uid, $gid) = (getpwnam $user)[ 2, 3 ];
	return ('setpriv', "--reuid=$uid", "--regid=$gid", '--clear-groups', '--inh-caps=-all', '--ambient-caps=-all');
}

sub os_login { my ($user) = @_; return as($user); }

# The server's first answer to a start-up packet, by field letter ({} when it asks for nothing more).
sub start_packet
{
	my ($node, %parameters) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => $node->host . '/.s.PGSQL.' . $node->port) or die "connect: $!";
	my $body = pack('N', 196608) . join('', map { "$_\0$parameters{$_}\0" } sort keys %parameters) . "\0";
	syswrite $socket, pack('N', length($body) + 4) . $body;
	my ($type, $length) = unpack 'aN', take($socket, 5);
	my $answer = take($socket, $length - 4);
	return {} if $type ne 'E';
	return { map { /^(.)(.*)$/s ? ($1 => $2) : () } split /\0/, $answer };
}

sub take
{
	my ($socket, $want) = @_;
	my $got = '';
	while (length $got < $want)
	{
		sysread($socket, $got, $want - length $got, length $got) or die "the server hung up";
	}
	return $got;
}

# Seconds of CLOCK_BOOTTIME, the table's clock.
sub boot_now { return Time::HiRes::clock_gettime(7); }

# When the table that is there was written: its records' seconds count from then.
sub published_at { return unpack('x40 q<', PostgreSQL::Test::Utils::slurp_file(table_file())) / 1e9; }

# Waits until `what` is true and returns it; after `seconds` the test stops.
sub eventually(&$;$)
{
	my ($what, $name, $seconds) = @_;
	my $deadline = boot_now() + ($seconds // 60);
	while (1)
	{
		my $is = $what->();
		return $is if $is;
		die "waited in vain: $name" if boot_now() > $deadline;
		select undef, undef, undef, 0.005;
	}
}

# A session over the bare protocol, so that it can be left at any point: { pid, socket }. It ends when let go of.
sub session { return session_goes_on(session_begun(@_)); }

# Its first half: the start-up packet is sent, and the server at it.
sub session_begun
{
	my ($node, %parameters) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => $node->host . '/.s.PGSQL.' . $node->port) or die "connect: $!";
	my $s = { socket => $socket, pid => 0, in => '' };
	my $body = pack('N', 196608) . join('', map { "$_\0$parameters{$_}\0" } sort keys %parameters) . "\0";
	syswrite $socket, pack('N', length($body) + 4) . $body;
	return $s;
}

sub session_goes_on
{
	my ($s) = @_;
	while (1)
	{
		my ($type, $text) = next_message($s);
		die 'refused: ' . ({ fields($text) }->{M} // '?') if $type eq 'E';
		($s->{pid}) = unpack 'N', $text if $type eq 'K';
		return $s if $type eq 'Z';
	}
}

# Type and body; () at the end of the connection. Dies when nothing comes for `seconds`.
sub next_message
{
	my ($s, $seconds) = @_;
	my $deadline = boot_now() + ($seconds // 60);
	while (1)
	{
		my ($type, $length) = unpack 'aN', $s->{in};
		if (defined $length && length($s->{in}) > $length)
		{
			my $body = substr $s->{in}, 5, $length - 4;
			substr($s->{in}, 0, $length + 1) = '';
			return ($type, $body);
		}
		my $ready = '';
		vec($ready, fileno($s->{socket}), 1) = 1;
		select($ready, undef, undef, $deadline - boot_now()) > 0 or die 'the server says nothing';
		sysread($s->{socket}, $s->{in}, 65536, length $s->{in}) or return;
	}
}

sub send_message
{
	my ($s, $type, $body) = @_;
	local $SIG{PIPE} = 'IGNORE';
	syswrite $s->{socket}, $type . pack('N', length($body) + 4) . $body;
	return;
}

# Of an error or a notice.
sub fields { my ($text) = @_; return map { /^(.)(.*)$/s ? ($1 => $2) : () } split /\0/, $text; }

# Runs one statement to its end: { rows => [[...]], notices => [{M => ...}], errors => [{...}], closed => 0|1 }.
sub statement
{
	my ($s, $sql) = @_;
	my $did = { rows => [], notices => [], errors => [], closed => 0 };
	send_message($s, 'Q', "$sql\0");
	while (1)
	{
		my ($type, $body) = next_message($s);
		return { %$did, closed => 1 } if !defined $type;
		return $did if $type eq 'Z';
		push @{ $did->{notices} }, { fields($body) } if $type eq 'N';
		push @{ $did->{errors} }, { fields($body) } if $type eq 'E';
		next if $type ne 'D';
		my ($count, @row) = unpack 'n', $body;
		my $at = 2;
		for (1 .. $count)
		{
			my $size = unpack 'l>', substr $body, $at, 4;
			push @row, $size < 0 ? undef : substr $body, $at + 4, $size;
			$at += 4 + ($size < 0 ? 0 : $size);
		}
		push @{ $did->{rows} }, \@row;
	}
}

sub is_gone { my ($pid) = @_; return !-e "/proc/$pid"; }

# The worker's signal: the backend looks itself up now. SIGRTMIN + 7.
sub poke { my (@pids) = @_; return kill 'NUM41', @pids; }

1;
