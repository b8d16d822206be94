// SPDX-License-Identifier: Apache-2.0
// What an auditor can fetch: the whole chain as it is stored, tampered or not, and its head signed.
#include "../store/fixture.h"
#include "daemon/checkpoints.h"
#include "proof/base64.h"
#include "proof/record.h"
#include "world.h"

using namespace grantd;
using namespace grantd::test;

namespace {

using fault = proof::chain_reader::fault;

// The whole chain, `limit` records a call, followed until it ends or is found bad.
struct walk {
  proof::chain_reader reader;
  std::vector<proof::record> records;
  uint64_t counted = 0;
  explicit walk(world& w, int64_t limit = 1000) {
    for (int64_t after = 0;;) {
      auto r = w.ask("dave", "AuditChain",
                     R"({"after":)" + std::to_string(after) + R"(,"limit":)" + std::to_string(limit) + "}");
      TEST_ASSERT_EQUAL_STRING("", short_error(r));
      auto batch = proof::decode_base64(member(r.parameters, "batch"));
      TEST_ASSERT_TRUE(batch.has_value());
      TEST_ASSERT_TRUE(number(r.parameters, "count") <= limit);
      counted += static_cast<uint64_t>(number(r.parameters, "count"));
      bool good = reader.take(
          *batch, [&](const proof::record& one, const proof::digest&) { records.push_back(one); });
      if (!good || number(r.parameters, "count") == 0) return;
      after = number(r.parameters, "last");
    }
  }
};

// A host with a key.
world& with_key(world& w) {
  w.node = std::make_shared<daemon::node_identity>();
  w.node->key.emplace(proof::node_key::make());
  w.restart();
  return w;
}

// Somebody with the file in hand, the daemon stopped.
void tamper(world& w, const std::string& sql) {
  w.kill();
  TEST_ASSERT_EQUAL_STRING(
      "", raw_sql(w.dir.path(), "DROP TRIGGER audit_frozen; DROP TRIGGER audit_kept; " + sql));
  w.restart();
}

}  // namespace

TEST(the_chain_is_what_audit_says_and_verifies_to_the_head) {
  world w;
  w.grant();
  for (int64_t limit : {1, 2, 7, 1000}) {
    walk all(w, limit);
    TEST_ASSERT_TRUE(all.reader.why() == fault::none);
    TEST_ASSERT_EQUAL_UINT64(w.core->truth().sequence(), all.reader.sequence());
    TEST_ASSERT_EQUAL_UINT64(w.core->truth().sequence(), all.counted);
    TEST_ASSERT_TRUE(all.reader.head() == w.core->truth().head());
    auto rows = w.core->truth().audit(0, 1000);
    TEST_ASSERT_EQUAL_INT(rows->size(), all.records.size());
    for (size_t i = 0; i < rows->size(); ++i) {
      TEST_ASSERT_EQUAL_STRING((*rows)[i].event, all.records[i].event);
      TEST_ASSERT_EQUAL_INT64((*rows)[i].at.us, all.records[i].utc_us);
      TEST_ASSERT_TRUE((*rows)[i].fields == all.records[i].fields);
    }
  }
}

TEST(more_records_than_one_read_and_long_ones_come_in_several_batches) {
  world w;
  TEST_ASSERT_TRUE(w.core->truth().begin().has_value());
  const std::string text(4000, 't');
  const store::field fields[] = {{"text", text}};
  for (int i = 0; i < 1500; ++i) TEST_ASSERT_TRUE(w.core->truth().note("approve", fields, {1}).has_value());
  TEST_ASSERT_TRUE(w.core->truth().commit(false).has_value());
  auto first = w.ask("dave", "AuditChain");
  TEST_ASSERT_TRUE(number(first.parameters, "count") < 1000);  // by its bytes
  TEST_ASSERT_TRUE(member(first.parameters, "batch").size() < (1 << 21));
  walk all(w);
  TEST_ASSERT_TRUE(all.reader.why() == fault::none);
  TEST_ASSERT_EQUAL_UINT64(w.core->truth().sequence(), all.reader.sequence());
}

TEST(one_flipped_bit_is_named_whatever_it_hit) {
  struct {
    const char* sql;
    fault why;
  } const flips[] = {
      {"UPDATE audit SET at_us = (at_us | 1) - (at_us & 1) WHERE sequence = 3", fault::changed},
      {"UPDATE audit SET event = 'grans' WHERE sequence = 3", fault::changed},
      {"UPDATE audit SET digest = CAST(x'00' || substr(digest, 2) AS BLOB) WHERE sequence = 3",
       fault::changed},
      // in a value of the fields
      {"UPDATE audit SET fields = CAST(substr(fields, 1, length(fields) - 1) || x'00' AS BLOB) WHERE "
       "sequence = 3",
       fault::changed},
      // in a length: no record any more, and the store cannot even decode the row
      {"UPDATE audit SET fields = CAST(substr(fields, 1, 2) || x'ff' || substr(fields, 4) AS BLOB) WHERE "
       "sequence = 3",
       fault::malformed},
      {"UPDATE audit SET sequence = 1003 WHERE sequence = 3", fault::sequence},
      {"DELETE FROM audit WHERE sequence = 3", fault::sequence},
  };
  for (const auto& flip : flips) {
    world w;
    for (int i = 0; i < 5; ++i) w.grant(3600 + i);
    TEST_ASSERT_TRUE(w.core->truth().sequence() > 4);
    tamper(w, flip.sql);
    for (int64_t limit : {1, 1000}) {
      walk all(w, limit);
      TEST_ASSERT_TRUE_MESSAGE(all.reader.why() == flip.why, flip.sql);
      TEST_ASSERT_EQUAL_UINT64(2, all.reader.sequence());  // good up to there: record 3 is the one
    }
  }
}

TEST(behind_a_row_that_is_no_record_the_chain_goes_on) {
  world w;
  for (int i = 0; i < 5; ++i) w.grant(3600 + i);
  tamper(w, "UPDATE audit SET fields = x'ffff' WHERE sequence = 3");
  auto r = w.ask("dave", "AuditChain", R"({"after":2,"limit":5})");
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  TEST_ASSERT_EQUAL_INT(5, number(r.parameters, "count"));
  TEST_ASSERT_EQUAL_INT(7, number(r.parameters, "last"));
  auto batch = proof::decode_base64(member(r.parameters, "batch"));
  TEST_ASSERT_TRUE(batch->starts_with(std::string(4 + 32, '\0')));  // what stands for the third
}

TEST(a_locked_store_still_shows_its_chain_and_signs_nothing) {
  world w;
  with_key(w);
  w.grant();
  w.kill();
  std::filesystem::remove(w.dir / "anchor");
  w.restart();
  TEST_ASSERT_TRUE(w.core->truth().locked() != store::lock_reason::none);
  walk all(w);
  TEST_ASSERT_TRUE(all.reader.why() == fault::none);
  TEST_ASSERT_TRUE(all.reader.sequence() > 3);
  TEST_ASSERT_EQUAL_STRING("Locked", short_error(w.root("Checkpoint")));
}

TEST(a_checkpoint_is_the_head_signed_by_this_host) {
  world w;
  with_key(w);
  w.grant();
  const auto size = w.core->truth().sequence();
  auto r = w.ask("dave", "Checkpoint");
  TEST_ASSERT_EQUAL_STRING("", short_error(r));
  auto verifier = proof::parse_verifier(member(r.parameters, "verifier"));
  TEST_ASSERT_TRUE(verifier.has_value());
  TEST_ASSERT_EQUAL_STRING(proof::node_name(w.core->truth().uuid()), verifier->name);
  auto said = proof::open_checkpoint(member(r.parameters, "note"), *verifier);
  TEST_ASSERT_TRUE(said.has_value());
  TEST_ASSERT_EQUAL_UINT64(size, said->size);
  walk all(w);
  TEST_ASSERT_TRUE(said->head == all.reader.head());
  TEST_ASSERT_EQUAL_INT64(w.clock.now.utc.us, said->at.us);
}

TEST(without_a_key_a_checkpoint_is_refused_by_the_files_name) {
  world w;
  TEST_ASSERT_EQUAL_STRING("NoKey", short_error(w.root("Checkpoint")));
  w.node = std::make_shared<daemon::node_identity>();
  w.node->trouble = "/var/lib/grantd/node_key: 31 bytes, a key has 32";
  w.restart();
  auto r = w.root("Checkpoint");
  TEST_ASSERT_EQUAL_STRING("NoKey", short_error(r));
  TEST_ASSERT_TRUE(member(r.parameters, "message").find("node_key: 31 bytes") != std::string::npos);
  w.grant();  // and nothing else is
  TEST_ASSERT_TRUE(w.allowed());
}
