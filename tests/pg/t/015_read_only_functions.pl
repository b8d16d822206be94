# SPDX-License-Identifier: Apache-2.0
# The server's own functions in a read-only session: each that writes is refused, by SQL and by the protocol's fast path,
# each that reads is not, and none of this server's is in neither list. And what others' code in C does.
use strict;
use warnings;
use Grantd;
use PostgreSQL::Test::Utils;
use ReadOnly;
use Test::More;

my $node = reading_server(sql => [ <<"END", <<'END' ]);
create function careless_clear() returns void language c as '$ENV{GRANTD_DIR}/careless', 'careless_clear';
create function careless_write(regclass, integer) returns void language c strict as '$ENV{GRANTD_DIR}/careless', 'careless_write';
grant execute on all functions in schema pg_catalog to alice;
END
create function makes_slot() returns void language plpgsql security definer as $$ begin perform pg_create_physical_replication_slot('made', true); end $$;
create function drops_slot() returns void language plpgsql security definer as $$ begin perform pg_drop_replication_slot('made'); end $$;
create function says_parallel() returns integer language plpgsql parallel safe as $$ begin perform pg_logical_emit_message(false, 'p', 'written'); return 1; end $$;
create function flags_parallel() returns text language plpgsql parallel safe as $$ begin return current_setting('transaction_read_only') || ' ' || current_setting('default_transaction_read_only') || ' ' || (pg_backend_pid() <> current_setting('my.pid')::integer); end $$;
create function clears_and_writes() returns void language plpgsql as $$ begin perform careless_clear(); insert into t values (12); end $$;
grant execute on all functions in schema public to alice;
set session authorization alice;
create aggregate makes_object(*) (sfunc = pg_catalog.lo_create, stype = oid, initcond = '0');
create operator ##! (function = pg_catalog.lo_create, rightarg = oid);
END

my $s = come_in_to('read-only');
my $fast = come_in_to('read-only');
my $w = come_in_to('read-write');
sub refuses { my ($function, @sql) = @_; return attempt($s, $w, $sql[0], qr/cannot execute \Q$function\E\(\) in a read-only session/, @sql); }

# Large objects (15 asks nobody whether the transaction may write), sequences, and the rest.
refuses('lo_creat', 'select lo_creat(-1)');
refuses('lo_create', 'select lo_create(0)');
refuses('lo_from_bytea', q{select lo_from_bytea(0, 'written')});
refuses('lo_put', q{select lo_put(4711, 0, 'written')});
refuses('lowrite', 'begin', q{select lowrite(lo_open(4711, x'20000'::int), 'written')}, 'commit');
refuses('lo_truncate', 'begin', q{select lo_truncate(lo_open(4711, x'20000'::int), 1)}, 'commit');
my $data = $node->data_dir;
refuses('lo_export', "select lo_export(4711, '$data/written_by_lo_export')");
refuses('lo_import', "select lo_import('$data/PG_VERSION')");
refuses('lo_unlink', 'select lo_unlink(4711)');
as_boss(q{select lo_from_bytea(4711, 'to be read')});
as_boss('alter large object 4711 owner to alice');
refuses('lo_create', 'select makes_object(*)');
refuses('lo_create', 'select ##! 0::oid');
refuses('nextval', q{select nextval('s')});
refuses('setval', q{select setval('s', 100)});
refuses('pg_logical_emit_message', q{select pg_logical_emit_message(false, 'p', 'written')});
refuses('pg_create_physical_replication_slot', 'select makes_slot()');
refuses('pg_drop_replication_slot', 'select drops_slot()');
refuses('txid_current', 'select txid_current()');
refuses('pg_current_xact_id', 'select pg_current_xact_id()');
refuses('pg_switch_wal', 'select pg_switch_wal()');
refuses('pg_create_restore_point', q{select pg_create_restore_point('written')});
refuses('pg_terminate_backend', 'select pg_terminate_backend(0)');
refuses('pg_stat_reset', 'select pg_stat_reset()');

# In a parallel worker, where the session is only its leader's.
my $parallel = $node->pg_version >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';
for ($s, $w) { statement($_, "set $parallel = on"); statement($_, "select set_config('my.pid', pg_backend_pid()::text, false)"); }
is(statement($w, 'select flags_parallel()')->{rows}[0][0], 'off off true', 'a parallel worker may write where its leader may');
is(statement($s, 'select flags_parallel()')->{rows}[0][0], 'on on true', 'and not where it may not');
refuses('pg_logical_emit_message', 'select says_parallel()');
statement($_, "set $parallel = off") for $s, $w;

# What others' code in C does, without asking.
attempt($s, $w, 'flags cleared, then INSERT', qr/INSERT/, 'select careless_clear()', 'insert into t values (12)');
attempt($s, $w, 'flags cleared in the transaction', qr/INSERT/, 'begin', 'select careless_clear()', 'insert into t values (12)', 'commit');
is(statement($s, "show $_")->{rows}[0][0], 'on', "flags cleared: $_ is on again") for qw(transaction_read_only default_transaction_read_only);
attempt($s, $w, 'flags cleared in the statement', qr/INSERT/, 'select clears_and_writes()');
attempt($s, $w, 'a row past the executor', qr/cannot commit what was written in a read-only session/, q{select careless_write('t', 13)});
attempt($s, $w, 'and in a savepoint', qr/cannot commit what was written/, 'begin', 'savepoint a', q{select careless_write('t', 13)}, 'release a', 'commit');
attempt($s, $w, 'and in a cursor that is kept by the commit', qr/cannot commit what was written/, 'begin', q{declare c cursor with hold for select careless_write('t', 13)}, 'commit', 'close c');
attempt($s, $w, 'and in DO', qr/cannot commit what was written/, q{do $$ begin perform careless_write('t', 13); commit; end $$});

# The fast path: a function by its number, as libpq's large objects do.
sub number { my ($function) = @_; return as_boss("select '$function'::regprocedure::oid::integer"); }
sub fast
{
	my ($function, $words, @arguments) = @_;
	my $before = state_now();
	my $error = fast_path($fast, number($function), @arguments);
	like($error->{C} // 'no error', qr/^(?:25006|42501)$/, "fast path, $function: refused");
	like($error->{M} // '', $words, "fast path, $function: in these words");
	is(state_now(), $before, "fast path, $function: changes nothing");
	is_deeply(fast_path($w, number($function), @arguments), {}, "fast path, $function: would have worked");
	return;
}
fast('lo_creat(integer)', qr/cannot execute lo_creat\(\)/, -1);
fast('lo_put(oid, bigint, bytea)', qr/cannot execute lo_put\(\)/, 4711, 0, 'written');
fast('nextval(regclass)', qr/cannot execute nextval\(\)/, 's');
fast('public.writes()', qr/cannot execute INSERT/);
fast('public.careless_write(regclass, integer)', qr/cannot commit what was written/, 't', 14);
is_deeply(fast_path($fast, number('lo_get(oid)'), 4711), {}, 'fast path, lo_get: reads');

# Every function of this server that does not say of itself that it only reads.
my @reads = split ' ', <<'END';
amvalidate array_sample array_shuffle clock_timestamp current_query currtid currtid2 currval cursor_to_xml cursor_to_xmlschema
gen_random_uuid lastval lo_close lo_get lo_lseek lo_lseek64 lo_open lo_tell lo_tell64 loread pg_advisory_lock
pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_all pg_advisory_unlock_shared pg_advisory_xact_lock
pg_advisory_xact_lock_shared pg_available_wal_summaries pg_blocking_pids pg_collation_actual_version pg_control_checkpoint
pg_control_init pg_control_recovery pg_control_system pg_current_logfile pg_current_wal_flush_lsn pg_current_wal_insert_lsn
pg_current_wal_lsn pg_database_collation_actual_version pg_database_size pg_export_snapshot pg_get_aios
pg_get_backend_memory_contexts pg_get_loaded_modules pg_get_multixact_members pg_get_sequence_data pg_get_shmem_allocations
pg_get_shmem_allocations_numa pg_get_wait_events pg_get_wal_replay_pause_state pg_get_wal_resource_managers
pg_get_wal_summarizer_state pg_hba_file_rules pg_ident_file_mappings pg_indexes_size pg_is_in_recovery pg_is_wal_replay_paused
pg_isolation_test_session_is_blocked pg_jit_available pg_last_committed_xact pg_last_wal_receive_lsn pg_last_wal_replay_lsn
pg_last_xact_replay_timestamp pg_lock_status pg_ls_archive_statusdir pg_ls_dir pg_ls_logdir pg_ls_logicalmapdir
pg_ls_logicalsnapdir pg_ls_replslotdir pg_ls_summariesdir pg_ls_tmpdir pg_ls_waldir pg_notification_queue_usage pg_notify
pg_numa_available pg_partition_ancestors pg_partition_tree pg_prepared_xact pg_read_binary_file pg_read_file pg_read_file_old
pg_relation_size pg_safe_snapshot_blocking_pids pg_sequence_last_value pg_show_all_file_settings pg_show_replication_origin_status
pg_sleep pg_stat_clear_snapshot pg_stat_file pg_stat_force_next_flush pg_stat_have_stats pg_table_size pg_tablespace_size
pg_total_relation_size pg_try_advisory_lock pg_try_advisory_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared
pg_wal_summary_contents pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_xact_status query_to_xml
query_to_xml_and_xmlschema query_to_xmlschema random random_normal set_config setseed timeofday ts_rewrite ts_stat txid_status
uuidv4 uuidv7
END
my %reads = map { $_ => 1 } @reads;
my $all = statement($w, q{select oid::integer, proname, pronargs, proretset,
  (select string_agg(case when provariadic <> 0 and i = pronargs then 'variadic ' else '' end || 'null::' || format_type(a, null), ', ')
     from unnest(proargtypes) with ordinality as x (a, i)) from pg_proc where prolang = 12 and provolatile = 'v' and prokind = 'f' and pronamespace = 11 order by proname, oid});
cmp_ok(scalar @{ $all->{rows} }, '>', 200, 'the server has functions');
my (@let, @refused);
for (@{ $all->{rows} })
{
	my ($oid, $name, $count, $set, $nulls) = @$_;
	my $reading = $reads{$name} || $name =~ /^pg_stat_get_/;
	# With nothing but NULLs those that are strict do nothing, and the others that read no harm.
	my $error = $set eq 't' ? first_error($fast, "select pg_catalog.$name(" . ($nulls // '') . ')') : fast_path($fast, $oid, (undef) x $count);
	my $no = ($error->{C} // '') eq '25006';
	push @let, $name if !$reading && !$no;
	push @refused, "$name: $error->{M}" if $reading && $no;
}
is_deeply(\@let, [], 'no function that may write is let through');
is_deeply(\@refused, [], 'no function that reads is refused');

done_testing();
