// SPDX-License-Identifier: Apache-2.0
// The real grantd's audit outside of it: killed, rotated and reloaded under load, every record stands in the
// files. Printed: kills, records, lines.
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <random>
#include <thread>

#include "daemon_process.h"
#include "proof/base64.h"
#include "proof/checkpoint.h"
#include "proof/record.h"
#include "support/unity.h"

using namespace grantd;
using namespace grantd::test;

namespace {

constexpr int rounds = 30;
constexpr char grant_p0[] = R"({"person":"p0","resource":"orders-db"})";

// Every line of the files parses, has one digest a sequence, and 1..N are all there: "N LINES" or a
// complaint.
constexpr char check_script[] = R"py(
import glob, json, sys
digests, lines = {}, 0
for name in glob.glob(sys.argv[1] + "*"):
    with open(name, "rb") as file:
        for line in file.read().split(b"\n")[:-1]:
            record = json.loads(line)
            lines += 1
            event = record["event"]
            if digests.setdefault(event["sequence"], event["hash"]) != event["hash"]:
                sys.exit("two records %d" % event["sequence"])
        file.seek(0)
        if file.read()[-1:] not in (b"", b"\n"):
            sys.exit("half a line in " + name)
missing = set(range(1, max(digests) + 1)) - set(digests)
print("missing", sorted(missing)) if missing else print(max(digests), lines)
)py";

std::string checked(const daemon_process& d) {
  std::ofstream(d.dir / "check.py") << check_script;
  const std::string command = "python3 " + d.dir / "check.py" + " " + d.dir / "audit.ndjson" + " 2>&1";
  FILE* out = popen(command.c_str(), "r");
  TEST_ASSERT_TRUE(out != nullptr);
  char room[4096];
  size_t n = fread(room, 1, sizeof room, out);
  pclose(out);
  return {room, n};
}

void load(const std::string& socket, int who, std::atomic<int>& acknowledged) {
  client c(socket);
  const std::string person =
      R"({"person":"p)" + std::to_string(who) + R"(","resource":"orders-db","reason":"load"})";
  while (c.connected()) {
    auto answer = c.call("Grant", person);
    if (!answer) return;  // killed
    if (++acknowledged % 8 == 0)
      (void)c.call("Revoke", R"({"resource":"orders-db","reason":"a \"reason\" \\"})");
  }
}

uint64_t records_of(client& c) {
  auto r = c.call("Store");
  TEST_ASSERT_TRUE(r.has_value());
  return static_cast<uint64_t>(*r->find("parameters")->find("sequence")->integer());
}

bool logged(const daemon_process& d, const std::string& what) {
  return wait_until([&] { return d.log().find(what) != std::string::npos; });
}

}  // namespace

TEST(killed_rotated_and_reloaded_under_load_every_record_stands_in_the_files) {
  daemon_process d;
  d.write_config("audit_file = \"" + d.dir / "audit.ndjson" + "\"\n");
  std::mt19937_64 random(seed());
  for (int round = 0; round < rounds; ++round) {
    d.start();
    std::atomic<int> acknowledged = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(load, d.socket(), i, std::ref(acknowledged));
    const int enough = static_cast<int>(random() % 60);
    bool reached = wait_until([&] { return acknowledged >= enough / 2; }, 30000);
    if (round % 3 == 0) {
      rename((d.dir / "audit.ndjson").c_str(), (d.dir / "audit.ndjson." + std::to_string(round)).c_str());
    }
    if (round % 5 == 0) d.signal(SIGHUP);
    reached = reached && wait_until([&] { return acknowledged >= enough; }, 30000);
    d.kill9();
    for (auto& t : threads) t.join();
    TEST_ASSERT_TRUE_MESSAGE(reached, d.log());
    // What a crash in the middle of a write leaves.
    if (round % 4 == 0) std::ofstream(d.dir / "audit.ndjson", std::ios::app) << "{\"@timestamp\":\"20";
  }
  d.start();
  client c = d.connect();
  const uint64_t known = records_of(c);
  TEST_ASSERT_EQUAL_INT(0, d.terminate());
  const std::string found = checked(d);
  unsigned long long newest = 0;
  unsigned long long lines = 0;
  TEST_ASSERT_TRUE_MESSAGE(std::sscanf(found.c_str(), "%llu %llu", &newest, &lines) == 2, found);
  TEST_ASSERT_TRUE_MESSAGE(newest >= known && known > rounds, found);  // the stop and its checkpoint too
  std::printf("%d kills, %llu records, %llu lines\n", rounds, newest, lines);
}

TEST(a_checkpoint_fits_the_chain_and_the_verifier_that_dash_T_prints) {
  daemon_process d;
  d.start();
  client c = d.connect();
  TEST_ASSERT_EQUAL_STRING("", error_of(c.call("Grant", grant_p0)));
  auto signed_now = c.call("Checkpoint");
  TEST_ASSERT_EQUAL_STRING("", error_of(signed_now));
  const std::string verifier = *signed_now->find("parameters")->find("verifier")->text();
  auto said = proof::open_checkpoint(*signed_now->find("parameters")->find("note")->text(),
                                     proof::parse_verifier(verifier).value());
  TEST_ASSERT_TRUE(said.has_value());
  auto answer = c.call("AuditChain");
  TEST_ASSERT_EQUAL_STRING("", error_of(answer));
  proof::chain_reader reader;
  bool fits = false;
  TEST_ASSERT_TRUE(
      reader.take(proof::decode_base64(*answer->find("parameters")->find("batch")->text()).value(),
                  [&](const proof::record& r, const proof::digest& head) {
                    fits = fits || (r.sequence == said->size && head == said->head);
                  }));
  TEST_ASSERT_TRUE(fits);
  TEST_ASSERT_EQUAL_INT(0, d.terminate());
  d.launch({}, {"-T"});
  TEST_ASSERT_EQUAL_INT(0, d.exited());
  TEST_ASSERT_TRUE_MESSAGE(d.log().find("# node key: " + verifier + "\n") != std::string::npos, d.log());
}

TEST(a_bad_key_file_stops_checkpoints_and_nothing_else) {
  daemon_process d;
  std::ofstream(d.dir / "node_key") << "not a key";
  chmod((d.dir / "node_key").c_str(), 0600);
  d.start();
  TEST_ASSERT_TRUE(
      logged(d, "no checkpoint can be signed; the node key " + d.dir / "node_key" + ": 9 bytes"));
  client c = d.connect();
  TEST_ASSERT_EQUAL_STRING("", error_of(c.call("Grant", grant_p0)));
  auto refused = c.call("Checkpoint");
  TEST_ASSERT_EQUAL_STRING("NoKey", error_of(refused));
  TEST_ASSERT_TRUE(refused->find("parameters")->find("message")->text()->find("node_key: 9 bytes") !=
                   std::string::npos);
  std::filesystem::remove(d.dir / "node_key");
  d.signal(SIGHUP);
  TEST_ASSERT_TRUE(wait_until([&] { return error_of(c.call("Checkpoint")).empty(); }));
}

TEST(a_file_that_cannot_be_written_holds_up_nobody) {
  daemon_process d;
  std::filesystem::create_directory(d.dir / "logs");
  d.write_config("audit_file = \"" + d.dir / "logs/audit.ndjson" + "\"\n");
  d.start();
  std::filesystem::rename(d.dir / "logs", d.dir / "away");
  client c = d.connect();
  for (int i = 0; i < 20; ++i) TEST_ASSERT_EQUAL_STRING("", error_of(c.call("Grant", grant_p0)));
  TEST_ASSERT_TRUE(logged(d, "the audit file cannot be written"));
  std::filesystem::create_directory(d.dir / "logs");
  TEST_ASSERT_TRUE(logged(d, "is written again"));
  TEST_ASSERT_EQUAL_INT(0, d.terminate());
}
