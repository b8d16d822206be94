# SPDX-License-Identifier: Apache-2.0
# Sessions that stay open, over the bare protocol (a process less each, and their end is the end of a socket), the
# worker's process, and what it tells grantd (decoded from PROTOCOL.md's table alone). Waits on conditions only.
package Inside;
use strict;
use warnings;

use Exporter 'import';
use IO::Select;
use IO::Socket::UNIX;
use PostgreSQL::Test::Utils;
use Socket qw(SOCK_DGRAM);
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(come_in ask dismiss is_inside gone_after worker_pid state_of wait_for listen_at hear heard_of
  soon never_crashed);

my $patience = 60;

# user, database, and anything else of a start-up packet. Dies when it is refused.
sub come_in
{
	my ($node, %parameters) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => $node->host . '/.s.PGSQL.' . $node->port) or die "connect: $!";
	my $body = pack('N', 196608) . join('', map { "$_\0$parameters{$_}\0" } sort keys %parameters) . "\0";
	syswrite $socket, pack('N', length($body) + 4) . $body;
	my $self = { socket => $socket, pid => 0, notices => [] };
	until_ready($self) or die "$parameters{user} was refused: $self->{error}{M}\n";
	return $self;
}

# The next message: its letter and its body; nothing at the end of the connection.
sub message
{
	my ($self) = @_;
	my $head = take($self, 5) // return;
	my ($letter, $length) = unpack 'aN', $head;
	return ($letter, take($self, $length - 4));
}

sub take
{
	my ($self, $want) = @_;
	my $got = '';
	my $until = time + $patience;
	while (length $got < $want)
	{
		die "the server says nothing for $patience s\n" if !IO::Select->new($self->{socket})->can_read($until - time);
		my $n = sysread $self->{socket}, $got, $want - length $got, length $got;
		return if !$n;
	}
	return $got;
}

sub fields { my ($body) = @_; return { map { /^(.)(.*)$/s ? ($1 => $2) : () } split /\0/, $body }; }

# Reads to ReadyForQuery; false at the end of the connection. The last error is kept.
sub until_ready
{
	my ($self) = @_;
	$self->{rows} = [];
	delete $self->{error};
	while (my ($letter, $body) = message($self))
	{
		return 1 if $letter eq 'Z';
		$self->{pid} = unpack 'N', $body if $letter eq 'K';
		$self->{error} = fields($body) if $letter eq 'E';
		push @{ $self->{notices} }, fields($body)->{M} if $letter eq 'N';
		push @{ $self->{rows} }, column($body) if $letter eq 'D';
	}
	$self->{error} //= { M => 'the connection ended' };
	return 0;
}

sub column
{
	my ($body) = @_;
	my ($count, $length) = unpack 'nN', $body;
	return $length == 0xffffffff ? undef : substr $body, 6, $length;
}

# First column of all rows. Dies of an error.
sub ask
{
	my ($self, $sql) = @_;
	syswrite $self->{socket}, 'Q' . pack('N', length($sql) + 5) . "$sql\0";
	until_ready($self);
	die "$sql: $self->{error}{M}\n" if $self->{error};
	return wantarray ? @{ $self->{rows} } : $self->{rows}[0];
}

# Leaves by itself; returns when the server has closed the connection.
sub dismiss
{
	my ($self) = @_;
	syswrite $self->{socket}, 'X' . pack('N', 4);
	until_ready($self);
	return;
}

sub is_inside
{
	my ($self) = @_;
	return 0 if IO::Select->new($self->{socket})->can_read(0);
	my $one = eval { ask($self, 'select 1') };
	return defined $one && $one eq '1';
}

# Seconds from `since` (as time) until the connection ended by FATAL; undef if it did not within `patience`.
sub gone_after
{
	my ($self, $since, $longest) = @_;
	my $until = time + ($longest // $patience);
	while (IO::Select->new($self->{socket})->can_read($until > time ? $until - time : 0))
	{
		my ($letter, $body) = message($self);
		return time - $since if !defined $letter;
		$self->{error} = fields($body) if $letter eq 'E';
	}
	return undef;
}

# True as soon as it is; false when it never was.
sub wait_for
{
	my ($condition, $longest) = @_;
	my $until = time + ($longest // $patience);
	while (1)
	{
		return 1 if $condition->();
		return 0 if time > $until;
		sleep 0.01;
	}
}

# The worker's process; 0 when there is none.
sub worker_pid
{
	my ($node) = @_;
	my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	my ($children) = eval { slurp_file("/proc/$postmaster/task/$postmaster/children") };
	for my $pid (split ' ', $children // '')
	{
		my $title = eval { slurp_file("/proc/$pid/cmdline") } // next;
		return $pid if $title =~ /^postgres: (?:\S+: )?grantd[ \0]*$/;
	}
	return 0;
}

# 'T' stopped, 'S' asleep, '' gone ...
sub state_of
{
	my ($pid) = @_;
	my $text = eval { slurp_file("/proc/$pid/stat") } // '';
	return $text =~ /\) (\S) / ? $1 : '';
}

sub listen_at
{
	my ($path) = @_;
	unlink $path;
	return IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $path) // die "$path: $!";
}

my @states = (undef, qw(live ended leftover ungated));
my @causes = qw(none closed expired revoked given-back locked narrowed lost);

# All presence datagrams that are waiting.
sub hear
{
	my ($socket) = @_;
	my @all;
	while (IO::Select->new($socket)->can_read(0))
	{
		$socket->recv(my $bytes, 1000);
		next if substr($bytes, 0, 4) ne 'gdp1';
		my %p = (at => time);
		(@p{qw(magic state cause proved_by point access flags)}, my @sizes) = unpack 'a4C12', $bytes;
		@p{qw(run number grant since until pid zero)} = unpack 'x16 Q< Q< Q< q< q< V V', $bytes;
		@p{qw(name place database role remote text)} = unpack 'x64' . join('', map { "a$_" } @sizes), $bytes;
		my $strings = 0;
		$strings += $_ for @sizes;
		$p{trailing} = length($bytes) - 64 - $strings;
		$p{state} = $states[ $p{state} ] // "state $p{state}";
		$p{cause} = $causes[ $p{cause} ] // "cause $p{cause}";
		push @all, \%p;
	}
	return @all;
}

my %kept; # by socket: what was heard and is not looked for yet

# Waits for a datagram with these values; what came before it is gone. Nothing when it never comes.
sub soon
{
	my ($socket, $longest, %wanted) = @_;
	my $found;
	wait_for(
		sub {
			push @{ $kept{$socket} }, hear($socket);
			while (my $p = shift @{ $kept{$socket} })
			{
				next if grep { !defined $p->{$_} || $p->{$_} ne $wanted{$_} } keys %wanted;
				$found = $p;
				return 1;
			}
			return 0;
		},
		$longest);
	return $found;
}

# Everything up to now with these values.
sub heard_of
{
	my ($socket, %wanted) = @_;
	my @all = (@{ delete $kept{$socket} // [] }, hear($socket));
	return grep { my $p = $_; !grep { $p->{$_} ne $wanted{$_} } keys %wanted } @all;
}

# Nobody died in a way that restarts the cluster.
sub never_crashed
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($node) = @_;
	is($node->safe_psql('postgres', 'select 1'), '1', 'the server lives');
	unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC|reinitializing|crash of another/, 'and was never restarted');
	return;
}

1;
