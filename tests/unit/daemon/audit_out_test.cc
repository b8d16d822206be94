// SPDX-License-Identifier: Apache-2.0
// Every record leaves: as a line of the file and an entry of the journal, in order, none lost, none said
// twice.
#include "daemon/audit_out.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "../store/fixture.h"
#include "daemon/audit_entry.h"
#include "proof/ecs.h"
#include "world.h"

using namespace grantd;
using namespace grantd::test;
using daemon::audit_out;

namespace {

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

// The lines of these records, as they must stand in the file.
std::vector<std::string> lines_of(store::store& truth, uint64_t after) {
  std::vector<std::string> out;
  auto rows = truth.audit(after, 100'000);
  TEST_ASSERT_TRUE(rows.has_value());
  for (const auto& row : *rows) {
    std::string line = proof::ecs_line({row.sequence, row.at.us, row.event, row.fields}, row.chained, "db1");
    line.pop_back();
    out.push_back(line);
  }
  return out;
}

struct host {
  world w;
  std::string path = w.dir / "audit.ndjson";
  std::string socket_path = w.dir / "journal";
  base::unique_fd journal;  // the journal's end
  std::unique_ptr<audit_out> out;

  explicit host(bool with_journal = false, bool with_key = false) {
    if (with_journal) {
      journal.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      sockaddr_un at{};
      at.sun_family = AF_UNIX;
      std::memcpy(at.sun_path, socket_path.c_str(), socket_path.size() + 1);
      TEST_ASSERT_TRUE(bind(journal.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    }
    if (with_key) {
      w.node = std::make_shared<daemon::node_identity>();
      w.node->key.emplace(proof::node_key::make());
    }
    start();
  }
  // As server::start() does it.
  void start() {
    out.reset();
    w.make();
    out = journal.valid() ? std::make_unique<audit_out>(
                                *w.core, audit_out::places{path, "db1", service::journal(socket_path)})
                          : std::make_unique<audit_out>(*w.core, audit_out::places{path, "db1"});
    w.core->start();
    out->begin();
  }
  void second(int64_t seconds = 1) {
    w.clock.pass(seconds);
    out->each_second(w.clock.now.boot);
    w.core->retry();
    w.turn();
    drain();
  }
  void drain() {
    for (int i = 0; i < 10'000 && out->behind(); ++i) out->slice();
  }
  void notes(int count) {
    TEST_ASSERT_TRUE(w.core->truth().begin().has_value());
    for (int i = 0; i < count; ++i) TEST_ASSERT_TRUE(w.core->truth().note("load", {}, {1}).has_value());
    TEST_ASSERT_TRUE(w.core->truth().commit(false).has_value());
  }
  [[nodiscard]] std::string next_entry() const {
    std::string room(65536, '\0');
    ssize_t n = recv(journal.get(), room.data(), room.size(), MSG_DONTWAIT);
    room.resize(n < 0 ? 0 : static_cast<size_t>(n));
    return room;
  }
  [[nodiscard]] std::vector<std::string> said() const {
    std::vector<std::string> texts;
    for (auto& l : out->take_lines()) texts.push_back(l.text);
    return texts;
  }
  void file_is_the_audit() { TEST_ASSERT_TRUE(lines_of(path) == lines_of(w.core->truth(), 0)); }
  [[nodiscard]] size_t checkpoints() {
    auto rows = w.core->truth().audit(0, 100'000);
    return static_cast<size_t>(
        std::ranges::count(*rows, std::string("checkpoint"), [](const auto& row) { return row.event; }));
  }
};

bool has(const std::string& entry, const std::string& field) {
  return ("\n" + entry).find("\n" + field + "\n") != std::string::npos;
}

// How many say `what`.
size_t count(const std::vector<std::string>& texts, std::string_view what) {
  return static_cast<size_t>(
      std::ranges::count_if(texts, [&](const auto& t) { return t.find(what) != t.npos; }));
}

}  // namespace

TEST(each_record_becomes_a_line_in_order) {
  host h;
  h.w.grant();
  h.drain();
  h.file_is_the_audit();
  h.w.root("Revoke", R"({"person":"alice"})");
  TEST_ASSERT_TRUE(h.out->behind());
  h.drain();
  TEST_ASSERT_FALSE(h.out->behind());
  h.file_is_the_audit();
}

TEST(one_turn_writes_a_bounded_slice) {
  host h;
  h.drain();
  h.notes(1000);
  const size_t before = lines_of(h.path).size();
  h.out->slice();
  TEST_ASSERT_EQUAL_INT(before + daemon::audit_slice, lines_of(h.path).size());
  h.drain();
  h.file_is_the_audit();
}

TEST(a_clean_stop_leaves_nothing_to_write_twice) {
  host h;
  h.w.grant();
  h.w.core->stop();
  h.out->finish();
  h.file_is_the_audit();
  TEST_ASSERT_EQUAL_UINT64(h.w.core->truth().sequence(), h.w.core->truth().exported());
  h.start();
  h.drain();
  h.file_is_the_audit();
}

TEST(after_a_crash_the_file_goes_on_where_the_store_knows_and_lacks_nothing) {
  host h;
  h.w.grant();
  h.drain();
  h.second(10);   // synced; the position is told to the store
  h.second(100);  // with the next batch
  const uint64_t known = h.w.core->truth().exported();
  TEST_ASSERT_TRUE(known > 0);
  h.w.root("Revoke", R"({"person":"alice"})");
  h.drain();
  auto before = lines_of(h.path);
  h.start();  // nothing more was told to the store
  h.drain();
  auto again = lines_of(h.w.core->truth(), known);
  before.insert(before.end(), again.begin(), again.end());
  TEST_ASSERT_TRUE(lines_of(h.path) == before);
}

TEST(a_position_is_told_to_the_store_only_after_the_file_is_synced) {
  host h;
  h.w.grant();
  h.drain();
  h.w.turn();
  TEST_ASSERT_EQUAL_UINT64(0, h.w.core->truth().exported());
  TEST_ASSERT_TRUE(h.out->unsettled());
  h.second(10);
  h.w.grant(60);  // a batch
  TEST_ASSERT_TRUE(h.w.core->truth().exported() > 0);
}

TEST(a_file_that_cannot_be_written_is_said_once_and_nothing_is_lost) {
  host h;
  h.drain();
  TEST_ASSERT_TRUE(rename(h.path.c_str(), (h.path + ".1").c_str()) == 0);
  TEST_ASSERT_TRUE(mkdir(h.path.c_str(), 0700) == 0);
  (void)h.said();
  std::vector<std::string> texts;
  for (int i = 0; i < 5; ++i) {
    h.w.grant(60 + i);
    h.out->slice();
    TEST_ASSERT_FALSE(h.out->behind());  // not tried again in the same second
    TEST_ASSERT_TRUE(h.out->unsettled());
    h.second();
    for (auto& t : h.said()) texts.push_back(t);
  }
  TEST_ASSERT_EQUAL_INT(1, count(texts, "the audit file cannot be written: "));
  TEST_ASSERT_TRUE(rmdir(h.path.c_str()) == 0);
  h.second();
  TEST_ASSERT_EQUAL_INT(1, count(h.said(), "is written again"));
  auto all = lines_of(h.path + ".1");
  for (auto& l : lines_of(h.path)) all.push_back(l);
  TEST_ASSERT_TRUE(all == lines_of(h.w.core->truth(), 0));
}

TEST(another_path_at_a_reload_goes_on_where_the_old_one_stopped) {
  host h;
  h.drain();
  const auto old = lines_of(h.path);
  h.out->reopen(h.w.dir / "other.ndjson");
  h.w.grant();
  h.drain();
  TEST_ASSERT_TRUE(lines_of(h.path) == old);
  TEST_ASSERT_TRUE(lines_of(h.w.dir / "other.ndjson") == lines_of(h.w.core->truth(), old.size()));
  h.out->reopen("");
  h.w.root("Revoke", R"({"person":"alice"})");
  TEST_ASSERT_FALSE(h.out->behind());
}

TEST(a_record_that_is_none_any_more_leaves_a_line_and_an_alert) {
  host h;
  for (int i = 0; i < 5; ++i) h.w.grant(3600 + i);
  h.out.reset();
  h.w.kill();
  TEST_ASSERT_EQUAL_STRING("", raw_sql(h.w.dir.path(),
                                       "DROP TRIGGER audit_frozen; UPDATE audit SET fields = x'ffff' "
                                       "WHERE sequence = 2"));
  h.start();
  h.drain();
  h.second();
  TEST_ASSERT_EQUAL_INT(1, count(h.said(), "audit record 2 was changed"));
  auto lines = lines_of(h.path);
  TEST_ASSERT_TRUE(lines.size() > 3);
  TEST_ASSERT_TRUE(lines[1].find("unreadable") != std::string::npos);
  TEST_ASSERT_TRUE(lines[2] == lines_of(h.w.core->truth(), 2).front());
}

TEST(records_reach_the_journal_as_entries_with_fields) {
  host h(true);
  std::string id = h.w.grant(3600, R"(,"reason":"OPS-12")");
  h.drain();
  std::string entry;
  while (!has(entry, "GRANTD_EVENT=grant")) {
    entry = h.next_entry();
    TEST_ASSERT_FALSE(entry.empty());
  }
  for (const char* field : {"SYSLOG_IDENTIFIER=grantd", "PRIORITY=5", "GRANTD_PERSON=alice",
                            "GRANTD_RESOURCE=orders-db", "GRANTD_BY=root", "GRANTD_REASON=OPS-12"}) {
    TEST_ASSERT_TRUE_MESSAGE(has(entry, field), entry);
  }
  TEST_ASSERT_TRUE_MESSAGE(has(entry, "GRANTD_GRANT=" + id), entry);
  TEST_ASSERT_TRUE_MESSAGE(has(entry, "MESSAGE=grant " + id + ": alice on orders-db, by root: OPS-12"),
                           entry);
}

TEST(a_full_journal_gets_the_rest_later_and_holds_up_nobody) {
  host h(true);
  h.notes(3000);
  h.drain();
  TEST_ASSERT_TRUE(h.out->unsettled());
  h.file_is_the_audit();  // the file is not held up by it
  uint64_t heard = 2;     // the start before had no journal
  for (int i = 0; i < 1000 && h.out->unsettled(); ++i) {
    for (std::string e = h.next_entry(); !e.empty(); e = h.next_entry())
      TEST_ASSERT_TRUE_MESSAGE(has(e, "GRANTD_SEQUENCE=" + std::to_string(++heard)), e);
    h.second(6);
  }
  for (std::string e = h.next_entry(); !e.empty(); e = h.next_entry()) ++heard;
  TEST_ASSERT_EQUAL_UINT64(h.w.core->truth().sequence(), heard);
}

TEST(what_the_journal_has_as_an_entry_is_not_logged_as_well) {
  for (bool journalled : {true, false}) {
    host h(journalled);
    h.w.grant();
    for (auto& l : h.w.core->take_lines()) h.out->pass(std::move(l));
    h.out->pass({daemon::level::notice, "of no record"});
    h.drain();
    std::vector<std::string> texts = h.said();
    h.second();
    h.second();
    for (auto& t : h.said()) texts.push_back(t);
    TEST_ASSERT_EQUAL_INT(journalled ? 0 : 1, count(texts, "alice may use orders-db"));
    TEST_ASSERT_EQUAL_INT(1, count(texts, "of no record"));
  }
}

TEST(a_line_whose_record_cannot_be_written_is_said_after_all) {
  host h(true);
  h.w.grant();
  h.w.kill();
  std::filesystem::remove(h.w.dir / "anchor");
  h.start();  // LOCKED: the note that follows finds no way into the chain
  TEST_ASSERT_TRUE(h.w.core->note("break-glass", {}));
  h.out->pass({daemon::level::alert, "break-glass: root", true});
  TEST_ASSERT_EQUAL_INT(0, count(h.said(), "break-glass"));
  h.second();
  h.second();
  TEST_ASSERT_EQUAL_INT(1, count(h.said(), "break-glass: root"));
}

TEST(break_glass_is_an_alert) {
  using service::level;
  auto level_of = [](const char* event, const char* key = "", const char* value = "") {
    store::audit_row row{1, {1}, event, {}, {}};
    if (*key != '\0') row.fields = {{key, value}};
    return static_cast<int>(daemon::level_of(row));
  };
  TEST_ASSERT_EQUAL_INT(level::alert, level_of("break-glass"));
  TEST_ASSERT_EQUAL_INT(level::alert, level_of("grant", "break_glass", "yes"));
  TEST_ASSERT_EQUAL_INT(level::alert, level_of("request", "break_glass", "yes"));
  TEST_ASSERT_EQUAL_INT(level::alert, level_of("leftover"));
  TEST_ASSERT_EQUAL_INT(level::notice, level_of("grant", "person", "alice"));
  TEST_ASSERT_EQUAL_INT(level::info, level_of("session"));
}

TEST(checkpoints_are_signed_and_kept_at_their_rhythm_and_at_stop) {
  host h(false, true);
  h.second();
  TEST_ASSERT_EQUAL_INT(1, h.checkpoints());  // there was none at all
  h.second(3600);
  h.second(30 * 3600);
  TEST_ASSERT_EQUAL_INT(1, h.checkpoints());  // nothing was added: nothing new to sign
  h.w.grant();
  h.second();
  TEST_ASSERT_EQUAL_INT(2, h.checkpoints());  // a day is over, and a record came
  h.w.grant(60);
  h.second(3600);
  TEST_ASSERT_EQUAL_INT(2, h.checkpoints());
  h.notes(static_cast<int>(daemon::checkpoint_every_records));
  h.second();
  TEST_ASSERT_EQUAL_INT(3, h.checkpoints());
  h.w.core->stop();
  h.out->finish();
  TEST_ASSERT_EQUAL_INT(4, h.checkpoints());
  auto rows = h.w.core->truth().audit(h.w.core->truth().sequence() - 1, 1);
  TEST_ASSERT_EQUAL_STRING("checkpoint", rows->front().event);  // covers the stop too
  const proof::verifier ours{proof::node_name(h.w.core->truth().uuid()), h.w.node->key->shown()};
  auto said = proof::open_checkpoint(rows->front().fields.front().second, ours);
  TEST_ASSERT_TRUE(said.has_value());
  TEST_ASSERT_EQUAL_UINT64(rows->front().sequence - 1, said->size);
  TEST_ASSERT_TRUE(said->head == h.w.core->truth().audit(said->size - 1, 1)->front().chained);
}

TEST(a_start_remembers_the_last_checkpoint) {
  host h(false, true);
  h.second();
  TEST_ASSERT_EQUAL_INT(1, h.checkpoints());
  h.start();  // after a crash: a start was recorded, a day is not over
  h.second();
  TEST_ASSERT_EQUAL_INT(1, h.checkpoints());
  h.second(25 * 3600);
  TEST_ASSERT_EQUAL_INT(2, h.checkpoints());
}

TEST(a_checkpoint_reaches_the_journal_whole_and_is_logged_without_one) {
  host h(true, true);
  h.second();
  std::string entry;
  while (!has(entry, "GRANTD_EVENT=checkpoint")) {
    entry = h.next_entry();
    TEST_ASSERT_FALSE(entry.empty());
  }
  TEST_ASSERT_TRUE(entry.find("GRANTD_CHECKPOINT\n") != std::string::npos);  // with its newlines
  TEST_ASSERT_EQUAL_INT(0, count(h.said(), "checkpoint of"));
  host plain(false, true);
  plain.second();
  const std::vector<std::string> said = plain.said();
  for (const std::string& line : {entry.substr(0, entry.find('\n')), said.back()}) {
    TEST_ASSERT_TRUE_MESSAGE(line.find("checkpoint") != std::string::npos, line);
    TEST_ASSERT_TRUE_MESSAGE(line.find('\n') == std::string::npos, line);
    TEST_ASSERT_TRUE_MESSAGE(line.find("\\x0a") == std::string::npos, line);
    TEST_ASSERT_TRUE_MESSAGE(line.find(" time ") != std::string::npos, line);
    TEST_ASSERT_TRUE_MESSAGE(line.find(" \u2014 grantd/") != std::string::npos, line);
  }
}
