# SPDX-License-Identifier: Apache-2.0
# What each authentication method proves (the table at the head of pg_hook/identity.cc), as seen from outside:
#
#	peer            os:<OS user>; pg:<role> too if both are the same
#	cert            dn:<subject>; pg:<role> too if the name that was matched or mapped (CN, or DN) is the role
#	password, md5, scram-sha-256
#	                pg:<role>
#	trust           pg:<role> (001_truth_table.pl)
#	ident           pg:<role>, only if the name they gave is the role
# A role reached through a map is not the person: the shared role `app` lets in whom a window names, no other.
# And where the server refused before us, its words stand.
use strict;
use warnings;
use Grantd;
use IO::Socket::INET;
use PostgreSQL::Test::Utils;
use POSIX ();
use Test::More;

my $tls = "$ENV{TESTDATADIR}/tls";
mkdir $tls;

# One CA; for the server, for alice (CN alice), for bob, and for a stranger in another unit whose CN is alice too.
sub openssl { IPC::Run::run([ 'openssl', @_ ], '>', "$tls/out", '2>', "$tls/err") or BAIL_OUT("openssl @_"); return; }

openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', 2, '-subj', '/CN=test ca', '-keyout', "$tls/ca.key",
	'-out', "$tls/ca.crt");
for (['server', '/CN=127.0.0.1'], ['alice', '/O=Example/OU=people/CN=alice'], ['bob', '/O=Example/OU=people/CN=bob'],
	['stranger', '/O=Example/OU=guests/CN=alice'],
	['lengthy', '/O=Example' . join('', map { '/OU=' . $_ x 60 } 'a' .. 'c') . '/CN=alice'])
{
	my ($name, $subject) = @$_;
	openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', $subject, '-keyout', "$tls/$name.key", '-out', "$tls/$name.csr");
	openssl('x509', '-req', '-in', "$tls/$name.csr", '-CA', "$tls/ca.crt", '-CAkey', "$tls/ca.key", '-CAcreateserial',
		'-days', 2, '-out', "$tls/$name.crt");
	chmod 0600, "$tls/$name.key";
}

my $node = server(
	hba => <<'END', ident => <<'END',
local    all         postgres  trust
local    by_scram    all       scram-sha-256
local    by_md5      all       md5
local    by_password all       password
local    by_peer     all       peer map=people
hostssl  by_cert     all       127.0.0.1/32  cert
hostssl  by_cert_map all       127.0.0.1/32  cert map=people
hostssl  by_cert_dn  all       127.0.0.1/32  cert map=subjects clientname=DN
hostssl  by_scram_and_cert all 127.0.0.1/32  scram-sha-256 clientcert=verify-full
host     by_ident    all       127.0.0.1/32  ident
host     by_ident_map all      127.0.0.1/32  ident map=people
END
people    games     app
people    daemon    app
people    games     games
people    postgres  app
people    alice     app
people    bob       app
people    alice     alice
subjects  "CN=alice,OU=people,O=Example"  alice
subjects  "CN=alice,OU=guests,O=Example"  alice
END
	conf => <<"END");
listen_addresses = '127.0.0.1'
ssl = on
ssl_ca_file = '$tls/ca.crt'
ssl_cert_file = '$tls/server.crt'
ssl_key_file = '$tls/server.key'
END
$node->safe_psql('postgres', <<'END');
create role alice login password 'secret';
create role bob login password 'hidden';
create role app login;
create role games login;
END
$node->safe_psql('postgres', "set password_encryption = 'md5'; create role old login password 'secret'");
my @databases = qw(by_scram by_md5 by_password by_peer by_cert by_cert_map by_cert_dn by_scram_and_cert by_ident by_ident_map);
$node->safe_psql('postgres', "create database $_") for @databases;

sub window { my ($id, $role) = @_; return record('window', id => $id, role => $role); }

# --- scram-sha-256, md5, password: the role's own secret ---
for (['by_scram', 'alice'], ['by_md5', 'old'], ['by_password', 'alice'])
{
	my ($database, $role) = @$_;
	my $login = "dbname=$database user=$role password=secret";
	truth();
	refused($node, $login, qr/no open grant for role "$role" on database "$database"/, "$database without a grant");
	truth(window("os:$role", $role), window("dn:$role", $role), window("krb:$role", $role));
	refused($node, $login, qr/no open grant/, "$database with windows of other identity classes");
	truth(record('window', id => "pg:$role", role => $role, start => -60, end => -1));
	refused($node, $login, qr/the grant has ended/, "$database expired");
	truth(record('window', id => "pg:$role", role => $role, start => 60, end => 120));
	refused($node, $login, qr/not open yet/, "$database future");
	truth(record('ended', id => "pg:$role", role => $role, how => 'revoked'));
	refused($node, $login, qr/was revoked/, "$database revoked");
	truth(window("pg:$role", $role));
	let_in($node, $login, "$database inside the window");

	# Refused by the server: we neither ask nor speak, with or without a window.
	for my $truth ([], [ window("pg:$role", $role) ])
	{
		truth(@$truth);
		my $did = login($node, "dbname=$database user=$role password=wrong");
		is($did->{status}, 2, "$database wrong password: refused");
		like($did->{err}, qr/FATAL:  password authentication failed for user "$role"$/m, "$database wrong password: its words");
		unlike($did->{err}, qr/grant |HINT/, "$database wrong password: not ours");
		unlike($did->{log}, qr/grant /, "$database wrong password: not a word of ours in the log");
	}
}

# --- peer ---
SKIP:
{
	skip 'cannot become other OS users here (needs root)', 1 unless can_be('games') && can_be('daemon');
	my @games = os_login('games');
	my @daemon = os_login('daemon');

	truth();
	my $did = refused($node, 'dbname=by_peer user=app', qr/no open grant for role "app"/, 'peer, mapped, without a grant', @games);
	like($did->{log}, qr/DETAIL:  asked as os:games$/m, 'peer, mapped: the log names the OS user alone');
	truth(window('os:games', 'app'));
	let_in($node, 'dbname=by_peer user=app', 'peer, mapped, the one with the window', @games);
	refused($node, 'dbname=by_peer user=app', qr/no open grant for role "app"/, 'peer, mapped, another with the same role', @daemon);
	truth(window('pg:app', 'app'));
	refused($node, 'dbname=by_peer user=app', qr/no open grant/, "peer, mapped: the role's own window is not theirs", @games);
	truth(window('os:games', 'games'));
	refused($node, 'dbname=by_peer user=app', qr/no open grant/, 'peer, mapped: a window for another role', @games);
	let_in($node, 'dbname=by_peer user=games', 'peer, unmapped, by the OS user', @games);
	truth(window('pg:games', 'games'));
	$did = let_in($node, 'dbname=by_peer user=games', 'peer, unmapped, by the role', @games);
	truth(record('window', id => 'os:games', role => 'app', start => -60, end => -1));
	refused($node, 'dbname=by_peer user=app', qr/the grant has ended/, 'peer, expired', @games);
	truth(record('window', id => 'os:games', role => 'app', start => 60, end => 120));
	refused($node, 'dbname=by_peer user=app', qr/not open yet/, 'peer, future', @games);
	truth(record('ended', id => 'os:games', role => 'app', how => 'revoked'));
	refused($node, 'dbname=by_peer user=app', qr/was revoked/, 'peer, revoked', @games);
	truth(window('pg:games', 'games'), record('lock', id => 'os:games', text => 'incident'));
	refused($node, 'dbname=by_peer user=games', qr/access is locked/, 'peer: a lock on one identity beats a window of the other', @games);
	truth(window('os:daemon', 'games'));
	$did = login($node, 'dbname=by_peer user=games', @daemon);
	like($did->{err}, qr/Peer authentication failed for user "games"/, 'peer, refused by the server: its words');
	unlike($did->{err} . $did->{log}, qr/grant /, 'peer, refused by the server: not ours');
}

# --- cert ---
sub with_cert
{
	my ($database, $role, $person) = @_;
	return "host=127.0.0.1 hostaddr=127.0.0.1 sslmode=require sslcert=$tls/$person.crt sslkey=$tls/$person.key "
	  . "dbname=$database user=$role";
}
my $alice = 'dn:CN=alice,OU=people,O=Example';
my $bob = 'dn:CN=bob,OU=people,O=Example';

truth();
my $did = refused($node, with_cert('by_cert', 'alice', 'alice'), qr/no open grant for role "alice"/, 'cert without a grant');
like($did->{log}, qr/DETAIL:  asked as dn:CN=alice,OU=people,O=Example, pg:alice$/m, 'cert: the log names both');
truth(window($alice, 'alice'));
let_in($node, with_cert('by_cert', 'alice', 'alice'), 'cert, by the subject');
refused($node, with_cert('by_cert', 'alice', 'stranger'), qr/no open grant/, 'cert, another subject of the same CN');
truth(window('pg:alice', 'alice'));
let_in($node, with_cert('by_cert', 'alice', 'alice'), 'cert, by the role, which is the CN');
truth(record('window', id => $alice, role => 'alice', start => -60, end => -1));
refused($node, with_cert('by_cert', 'alice', 'alice'), qr/the grant has ended/, 'cert, expired');
truth(record('window', id => $alice, role => 'alice', start => 60, end => 120));
refused($node, with_cert('by_cert', 'alice', 'alice'), qr/not open yet/, 'cert, future');
truth(record('ended', id => $alice, role => 'alice', how => 'revoked'));
refused($node, with_cert('by_cert', 'alice', 'alice'), qr/was revoked/, 'cert, revoked');

truth(window($alice, 'app'));
let_in($node, with_cert('by_cert_map', 'app', 'alice'), 'cert, mapped, the one with the window');
$did = refused($node, with_cert('by_cert_map', 'app', 'bob'), qr/no open grant for role "app"/, 'cert, mapped, another with the same role');
like($did->{log}, qr/DETAIL:  asked as dn:CN=bob,OU=people,O=Example$/m, 'cert, mapped: the log names the subject alone');
truth(window('pg:app', 'app'), window('pg:bob', 'app'), window('os:bob', 'app'));
refused($node, with_cert('by_cert_map', 'app', 'bob'), qr/no open grant/, "cert, mapped: neither the role's own window nor the CN's");
truth(window($bob, 'app'));
let_in($node, with_cert('by_cert_map', 'app', 'bob'), 'cert, mapped, now the other');

# By DN: a CN that happens to be the role proves nothing.
truth(window('pg:alice', 'alice'));
refused($node, with_cert('by_cert_dn', 'alice', 'stranger'), qr/no open grant/, 'cert by DN: the CN is not the name that counts');
truth(window($alice, 'alice'));
let_in($node, with_cert('by_cert_dn', 'alice', 'alice'), 'cert by DN, the subject');
refused($node, with_cert('by_cert_dn', 'alice', 'stranger'), qr/no open grant/, 'cert by DN, another subject mapped to the role');

# A subject longer than a window can name is nobody's: cut off it would be somebody else's. Asked at the login, and
# again by the session.
truth(window('pg:alice', 'alice'));
my ($in, $out, $err) = ('', '', '');
my $psql = IPC::Run::start([ 'psql', '-XAtqw', '-d', 'port=' . $node->port . ' ' . with_cert('by_cert', 'alice', 'lengthy') ], '<', \$in, '>', \$out, '2>', \$err);
$in .= "select 'pid', pg_backend_pid();\n";
my $pid = eventually { $psql->pump_nb; $out =~ /pid\|(\d+)/ ? $1 : 0 } 'cert, a long subject: let in by the role';
my $long = join ',', 'CN=alice', map({ 'OU=' . $_ x 60 } 'c', 'b', 'a'), 'O=Example';
truth(record('window', id => 'dn:' . substr($long, 0, 128), role => 'alice', cluster => '*'));
refused($node, with_cert('by_cert', 'alice', 'lengthy'), qr/no open grant/, 'cert, a long subject: the window of its beginning');
like(slurp_file($node->logfile), qr/asked as dn:\Q$long\E, pg:alice$/m, 'cert, a long subject: it is the one that was meant');
poke($pid);
eventually { is_gone($pid) } 'cert, a long subject: the session asks in the same way', 20;
ok(is_gone($pid), 'cert, a long subject: the session asks in the same way');
$psql->finish;

# A password with a certificate beside it proves the role.
truth(window('pg:alice', 'alice'));
let_in($node, with_cert('by_scram_and_cert', 'alice', 'alice') . ' password=secret', 'scram and cert, by the role');
truth(window($alice, 'alice'));
refused($node, with_cert('by_scram_and_cert', 'alice', 'alice') . ' password=secret', qr/no open grant/, 'scram and cert: scram is the method');

# --- ident: what a server at the other end says; only an unmapped name is taken, and case 10 of the truth table ---
SKIP:
{
	my $identd = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 113, Listen => 5, ReuseAddr => 1);
	skip 'cannot listen on port 113 of the loopback (needs root)', 1 unless $identd;
	my $pid = fork // die;
	if ($pid == 0)
	{
		while (my $asked = $identd->accept)
		{
			my $ports = <$asked>;
			$ports =~ s/\s+$//;
			print $asked "$ports : USERID : UNIX : games\r\n";
			close $asked;
		}
		POSIX::_exit(0);
	}
	my $tcp = 'host=127.0.0.1 hostaddr=127.0.0.1';
	truth(window('pg:games', 'games'));
	let_in($node, "$tcp dbname=by_ident user=games", 'ident, unmapped, by the role');
	truth(window('os:games', 'games'));
	refused($node, "$tcp dbname=by_ident user=games", qr/no open grant/, 'ident proves no OS user of this host');
	truth(window('pg:app', 'app'), window('os:games', 'app'), window('pg:games', 'app'));
	my $nobody = refused($node, "$tcp dbname=by_ident_map user=app", qr/no open grant for role "app"/, '10 ident, mapped: nobody is proved');
	like($nobody->{log}, qr/DETAIL:  asked as nobody: /, '10 the log says so');
	kill 'TERM', $pid;
	waitpid $pid, 0;
}

done_testing();
