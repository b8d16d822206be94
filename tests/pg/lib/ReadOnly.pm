# SPDX-License-Identifier: Apache-2.0
# What the tests of read-only sessions share: a database whose owner alice has prepared whatever helps to write, what of
# it has changed since, and attempts: each must fail in a read-only session, change nothing, and succeed in a session
# that may write (else it would prove nothing).
package ReadOnly;
use strict;
use warnings;

use Exporter 'import';
use Grantd;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(reading_server windows come_in_to as_boss first_error attempt state_now succeeds fast_path);

my ($node, $boss);

# The server; `more` is SQL that alice runs in her database before.
sub reading_server
{
	my (%given) = @_;
	$node = server(
		hba => "local all all trust\nlocal replication all trust\n", streaming => 1,
		conf => "max_prepared_transactions = 5\nautovacuum = off\nwal_level = logical\n" . ($given{conf} // ''));
	$node->safe_psql('postgres', 'create role alice login createrole createdb; create database orders owner alice');
	$node->safe_psql('orders', <<'END');
alter schema public owner to alice;
set session authorization alice;
create table t (n integer);
insert into t values (1);
create index t_n on t (n);
create sequence s;
create view v as select * from t;
create materialized view m as select * from t;
create function writes() returns integer language plpgsql as $$ begin insert into t values (2); return 1; end $$;
create function writes(integer) returns integer language plpgsql as $$ begin insert into t values (2); return 1; end $$;
select lo_from_bytea(4711, 'to be read');
END
	$node->safe_psql('orders', $_) for @{ $given{sql} // [] };
	windows('both');
	$boss = session($node, user => 'postgres', database => 'orders');
	return $node;
}

# What alice is granted: 'read-only', 'read-write' or both, for her database.
sub windows
{
	my ($access) = @_;
	my @of = (id => 'pg:alice', role => 'alice', database => 'orders');
	truth(record('point', database => 'orders', resource => 'orders-db'),
		map { record('window', @of, access => $_) } $access eq 'both' ? qw(read-only read-write) : $access);
	return;
}

# A session of alice's with that access; it keeps it (I10). First all that only read: while only their window is open,
# the others would be cut.
sub come_in_to
{
	my ($access, %more) = @_;
	windows($access);
	my $s = session($node, user => 'alice', database => 'orders', %more);
	windows('both');
	return $s;
}

# One value, asked by who may do everything.
sub as_boss
{
	my ($sql) = @_;
	my $did = statement($boss, $sql);
	die "$sql: $did->{errors}[0]{M}" if @{ $did->{errors} };
	return $did->{rows}[0][0];
}

# Everything that an attempt could have changed.
sub state_now
{
	return as_boss(<<'END');
select concat_ws(' ', (select count(*) || ',' || coalesce(sum(n), 0) from t), (select last_value || ',' || is_called from s),
  (select md5(string_agg(loid || ':' || pageno || ':' || encode(data, 'hex'), ' ' order by loid, pageno)) from pg_largeobject),
  (select count(*) from pg_largeobject_metadata), (select count(*) from pg_prepared_xacts),
  (select md5(string_agg(slot_name || coalesce(restart_lsn::text, ''), ' ' order by slot_name)) from pg_replication_slots),
  (select count(*) || ',' || md5(string_agg(relname || relfilenode || coalesce(relacl::text, ''), ' ' order by oid)) from pg_class),
  (select count(*) from pg_proc), (select count(*) from pg_roles), (select count(*) from pg_database), (select count(*) from pg_type),
  (select md5(string_agg(x.setting::text, ' ')) from pg_db_role_setting as x (database, role, setting)),
  (select count(*) from pg_file_settings where sourcefile ~ 'auto'), (select count(*) from pg_ls_dir('.') as f where f ~ 'written'))
END
}

# Runs them one after the other; the first error ({} when there was none). Leaves no transaction open.
sub first_error
{
	my ($s, @sql) = @_;
	my $error;
	for (@sql)
	{
		my $did = statement($s, $_);
		$error //= $did->{errors}[0];
		return { C => 'none', M => 'the connection ended', %{ $error // {} } } if $did->{closed};
	}
	statement($s, 'rollback');
	return $error // {};
}

# Refused in the read-only session with SQLSTATE 25006 or 42501 and what helps, changing nothing; then it succeeds in
# the other one. `words`: what the refusal says.
sub attempt
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($reading, $writing, $name, $words, @sql) = @_;
	my $before = state_now();
	my $error = first_error($reading, @sql);
	like($error->{C} // 'no error', qr/^(?:25006|42501)$/, "$name: refused") or diag(explain($error));
	like($error->{M} // '', $words, "$name: in these words");
	like($error->{H} // '', qr/^ask for writing, if a rule gives it: grantctl request orders-db --read-write --reason "\.\.\."$/, "$name: says what helps");
	is(state_now(), $before, "$name: changes nothing");
	return if !$writing;
	is_deeply(first_error($writing, @sql), {}, "$name: would have worked");
	return;
}

sub succeeds
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($s, $name, @sql) = @_;
	my $error = first_error($s, @sql);
	return is_deeply($error, {}, $name);
}

# A function by its number over the protocol's own call, past parser and executor; arguments as text, undef: NULL.
# Returns the error, {} when there was none.
sub fast_path
{
	my ($s, $function, @arguments) = @_;
	my $body = pack 'N n n n', $function, 1, 0, scalar @arguments;
	$body .= defined $_ ? pack('N a*', length, $_) : pack('l>', -1) for @arguments;
	send_message($s, 'F', $body . pack 'n', 0);
	my $error = {};
	while (1)
	{
		my ($type, $text) = next_message($s);
		return { C => 'none', M => 'the connection ended', %$error } if !defined $type;
		$error = { fields($text) } if $type eq 'E';
		return $error if $type eq 'Z';
	}
}

1;
