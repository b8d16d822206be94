// SPDX-License-Identifier: Apache-2.0
// grantctl audit: filters, exports, and a chain in which any change is found and named.
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/base64.h"
#include "proof/base64.h"
#include "proof/checkpoint.h"
#include "proof/record.h"
#include "requests_data.h"
#include "support/unity.h"

using namespace grantd::test;
namespace proof = grantd::proof;

namespace {

using field_list = std::vector<std::pair<std::string_view, std::string_view>>;

// A log with every record's place in its bytes.
struct log {
  std::string bytes;
  std::vector<size_t> begin;  // of record n at n - 1
  proof::digest head{};
  std::vector<proof::digest> heads;

  void add(std::string_view event, const field_list& fields) {
    uint64_t sequence = begin.size() + 1;
    auto record =
        proof::canonical({sequence, noon_us + static_cast<int64_t>(sequence) * 1'000'000, event, fields});
    head = proof::link(head, record);
    begin.push_back(bytes.size());
    proof::put_chained(bytes, record, head);
    heads.push_back(head);
  }
};

// 2500 records: a request, an approval by bob, a grant, over and over.
log make_log(int records = 2500) {
  (void)proof::start();
  log l;
  for (int i = 0; i < records; ++i) {
    if (i % 3 == 0)
      l.add("request",
            {{"request", "32768"}, {"person", "alice"}, {"by", "alice"}, {"scope", "a"}, {"scope", "b"}});
    if (i % 3 == 1) l.add("approve", {{"request", "32768"}, {"person", "bob"}});
    if (i % 3 == 2)
      l.add("grant", {{"grant", "32769"}, {"person", "alice"}, {"by", "bob"}, {"reason", "OPS 12"}});
  }
  return l;
}

int64_t number_after(const std::string& message, const std::string& key, int64_t otherwise) {
  size_t at = message.find("\"" + key + "\":");
  return at == message.npos ? otherwise : std::atoll(message.c_str() + at + key.size() + 3);
}

proof::node_key key() {
  proof::node_key::seed seed{};
  seed.fill(7);
  return proof::node_key::from(seed);
}
constexpr std::array<uint8_t, 16> uuid{1, 2, 3};
std::string verifier_text() { return proof::print_verifier(proof::node_name(uuid), key().shown()); }
std::string note_of(uint64_t size, const proof::digest& head) {
  return proof::sign_checkpoint({proof::node_name(uuid), size, head, {noon_us}}, key());
}

std::string in_json(const std::string& text) {
  std::string out;
  for (char c : text) out += c == '\n' ? std::string("\\n") : std::string(1, c);
  return out;
}

// Serves the log a thousand records at a time, whatever is in it.
fake_grantd::script serving(std::shared_ptr<log> l) {
  return [l](const std::string& message) -> std::optional<std::string> {
    if (contains(message, ".Checkpoint\"")) {
      return answer("{\"note\":\"" + in_json(note_of(l->heads.size(), l->head)) + "\",\"verifier\":\"" +
                    verifier_text() + "\"}");
    }
    if (contains(message, ".Store\""))
      return answer("{\"sequence\":" + std::to_string(l->heads.size()) + "}");
    if (contains(message, ".People\""))
      return answer(R"({"people":[{"name":"alice","email":"a@example.com"},{"name":"dave"}]})");
    if (!contains(message, ".AuditChain\"")) return error("NoSuchMethod", "?");
    auto after = static_cast<size_t>(number_after(message, "after", 0));
    size_t end = std::min(after + 1000, l->begin.size());
    size_t from = after < l->begin.size() ? l->begin[after] : l->bytes.size();
    size_t to = end < l->begin.size() ? l->begin[end] : l->bytes.size();
    return answer("{\"batch\":\"" + proof::encode_base64(std::string_view(l->bytes).substr(from, to - from)) +
                  "\",\"count\":" + std::to_string(end - after) + ",\"last\":" + std::to_string(end) + "}");
  };
}

asked on(log l, const std::vector<std::string>& args) {
  return ask(serving(std::make_shared<log>(std::move(l))), args);
}

void write_file(const std::string& path, const std::string& bytes) { std::ofstream(path) << bytes; }

}  // namespace

TEST(a_good_chain_is_good_and_what_it_does_not_prove_is_said) {
  asked a = on(make_log(), {"audit", "verify"});
  TEST_ASSERT_TRUE_MESSAGE(a.result.code == 0, a.result.err);
  TEST_ASSERT_TRUE_MESSAGE(
      a.result.out.starts_with("good: 2500 records, each follows from the one before it, the last of "),
      a.result.out);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "that nothing was cut off after record 2500"),
                           a.result.err);
  TEST_ASSERT_TRUE(contains(a.result.err, "help: grantctl audit checkpoint > FILE\n"));
}

TEST(a_flipped_bit_names_the_record_and_what_it_was) {
  const log good = make_log();
  for (size_t n : {size_t{1}, size_t{17}, size_t{1000}, size_t{1001}, size_t{2500}}) {
    log l = good;
    size_t end = n < l.begin.size() ? l.begin[n] : l.bytes.size();
    l.bytes[end - 40] = static_cast<char>(l.bytes[end - 40] ^ 1);  // in the last field's value
    asked a = on(l, {"audit", "verify"});
    TEST_ASSERT_EQUAL_INT(1, a.result.code);
    TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "record " + std::to_string(n) + " ("), a.result.err);
    TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "was changed, or the one before it"), a.result.err);
    TEST_ASSERT_EQUAL_STRING("", a.result.out);
  }
  log l = good;
  l.bytes[l.begin[17] - 40] ^= 1;
  TEST_ASSERT_TRUE_MESSAGE(
      contains(on(l, {"audit", "verify"}).result.err, "record 17 (13:00:17 +0100, approve of r-1000v)"),
      on(l, {"audit", "verify"}).result.err);
}

TEST(a_record_cut_out_is_missing_and_a_cut_end_is_seen_with_a_checkpoint_only) {
  temp_dir d;
  const log good = make_log(30);
  log l = good;
  size_t gone = l.begin[18] - l.begin[17];  // record 18
  l.bytes.erase(l.begin[17], gone);
  l.begin.erase(l.begin.begin() + 17);
  for (size_t i = 17; i < l.begin.size(); ++i) l.begin[i] -= gone;
  asked a = on(l, {"audit", "verify"});
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "record 18 is missing: record 19 ("), a.result.err);

  write_file(d / "note", note_of(30, good.head));
  log shorter = make_log(25);
  TEST_ASSERT_EQUAL_INT(0, on(shorter, {"audit", "verify"}).result.code);
  a = on(shorter, {"audit", "verify", "--checkpoint", d / "note", "--key", verifier_text()});
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "the log ends at record 25, but the checkpoint"),
                           a.result.err);
}

TEST(an_older_checkpoint_must_be_the_digest_at_its_size) {
  temp_dir d;
  const log good = make_log(2100);
  write_file(d / "note", note_of(1500, good.heads[1499]));
  asked a = on(good, {"audit", "verify", "--checkpoint", d / "note", "--key", verifier_text()});
  TEST_ASSERT_TRUE_MESSAGE(a.result.code == 0, a.result.err);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, "good: record 1500 is the one that the checkpoint of"),
                           a.result.out);
  TEST_ASSERT_TRUE(contains(a.result.out, "; 600 came since\n"));
  write_file(d / "other", note_of(1500, good.heads[1498]));
  a = on(good, {"audit", "verify", "--checkpoint", d / "other", "--key", verifier_text()});
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "the log was written anew"), a.result.err);
}

TEST(a_checkpoint_counts_only_with_its_signature) {
  temp_dir d;
  const log good = make_log(30);
  std::string note = note_of(30, good.head);
  std::string forged = note;
  forged.replace(forged.find("\n30\n"), 4, "\n29\n");
  write_file(d / "note", forged);
  TEST_ASSERT_EQUAL_INT(
      1, on(good, {"audit", "verify", "--checkpoint", d / "note", "--key", verifier_text()}).result.code);
  write_file(d / "note", note);
  write_file(d / "key", verifier_text() + "\n");
  TEST_ASSERT_EQUAL_INT(
      0, on(good, {"audit", "verify", "--checkpoint", d / "note", "--key", d / "key"}).result.code);
  asked a = on(good, {"audit", "verify", "--checkpoint", d / "note"});
  TEST_ASSERT_TRUE_MESSAGE(a.result.code == 0, a.result.err);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "the key is the one that grantd names now"), a.result.err);
  TEST_ASSERT_EQUAL_INT(
      2, on(good, {"audit", "verify", "--checkpoint", d / "note", "--key", "nonsense"}).result.code);
  TEST_ASSERT_EQUAL_INT(2, on(good, {"audit", "verify", "--key", verifier_text()}).result.code);
}

TEST(an_exported_chain_is_verified_without_a_grantd) {
  temp_dir d;
  const log good = make_log();
  asked a = on(good, {"audit", "export", "--format", "chain"});
  TEST_ASSERT_TRUE(a.result.out == good.bytes);
  write_file(d / "chain", a.result.out);
  write_file(d / "note", note_of(2500, good.head));
  std::vector<std::string> args{"audit", "verify", "--from", d / "chain", "--checkpoint", d / "note"};
  TEST_ASSERT_EQUAL_INT(2, run_at("/nonexistent/api.sock", args).code);  // the key has to be given
  args.insert(args.end(), {"--key", verifier_text()});
  outcome o = run_at("/nonexistent/api.sock", args);
  TEST_ASSERT_TRUE_MESSAGE(o.code == 0, o.err);
  TEST_ASSERT_TRUE(contains(o.out, "good: 2500 records"));
  write_file(d / "chain", good.bytes.substr(0, good.bytes.size() - 1));
  o = run_at("/nonexistent/api.sock", {"audit", "verify", "--from", d / "chain"});
  TEST_ASSERT_EQUAL_INT(1, o.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(o.err, "record 2500 is cut: the file ends in the middle of it"), o.err);
  std::string huge = good.bytes;
  huge[good.begin[9] + 3] = '\x7f';
  write_file(d / "chain", huge);
  o = run_at("/nonexistent/api.sock", {"audit", "verify", "--from", d / "chain"});
  TEST_ASSERT_EQUAL_INT(1, o.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(o.err, "record 10 is cut"), o.err);
}

TEST(verify_as_json_says_what_is_wrong_and_what_is_not_known) {
  log l = make_log(20);
  asked a = on(l, {"audit", "verify", "-o", "json"});
  TEST_ASSERT_TRUE_MESSAGE(a.result.out.starts_with(R"({"ok":true,"records":20,"head":")"), a.result.out);
  l.bytes[l.begin[4] - 40] ^= 1;
  a = on(l, {"audit", "verify", "-o", "json"});
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, R"("ok":false,"records":3)"), a.result.out);
}

TEST(answers_that_are_no_chain_are_refused) {
  (void)proof::start();
  for (const std::string& parameters : {std::string("{}"), std::string(R"({"batch":1,"count":1,"last":1})"),
                                        std::string(R"({"batch":"!!!!","count":1,"last":1})"),
                                        std::string(R"({"batch":"AAAA","count":1,"last":0})"),
                                        std::string(R"({"batch":"AAAA","batch":"AAAA","last":1})"),
                                        std::string(R"({"batch":"\u0041AAA"})")}) {
    asked a = ask([&](const std::string&) { return answer(parameters); }, {"audit", "verify"});
    TEST_ASSERT_TRUE_MESSAGE(a.result.code == 3, parameters + a.result.err);
  }
  // Bytes that are no record, and the same answer for ever.
  asked a = ask([&](const std::string&) { return answer(R"({"batch":"AAAA","count":1,"last":1})"); },
                {"audit", "verify"});
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  a = ask([&](const std::string&) { return error("NotAllowed", "see"); }, {"audit", "verify"});
  TEST_ASSERT_EQUAL_INT(4, a.result.code);
}

TEST(filters_keep_what_is_about_somebody_since_then) {
  const log l = make_log(30);
  asked a = on(l, {"audit", "--person", "bob", "--event", "approve", "--since", "13:00:20"});
  TEST_ASSERT_EQUAL_STRING(
      "SEQUENCE  AT                         EVENT    FIELDS\n"
      "20        2026-11-22 13:00:20 +0100  approve  request=r-1000v person=bob\n"
      "23        2026-11-22 13:00:23 +0100  approve  request=r-1000v person=bob\n"
      "26        2026-11-22 13:00:26 +0100  approve  request=r-1000v person=bob\n"
      "29        2026-11-22 13:00:29 +0100  approve  request=r-1000v person=bob\n",
      a.result.out);
  a = on(l, {"audit", "--person", "bob", "--limit", "1", "-o", "json"});
  TEST_ASSERT_TRUE_MESSAGE(
      contains(a.result.out, R"({"records":[{"sequence":30,"at":"2026-11-22T12:00:30Z","event":"grant")"),
      a.result.out);
  TEST_ASSERT_EQUAL_INT(2, on(l, {"audit", "--since", "yesterdayish"}).result.code);
}

TEST(break_glass_is_the_logins_and_what_was_opened_as_such) {
  (void)proof::start();
  log l;
  l.add("break-glass", {{"account", "os:root"}});
  l.add("request", {{"request", "32768"}, {"person", "alice"}, {"break_glass", "yes"}});
  l.add("grant", {{"grant", "32768"}, {"person", "alice"}, {"break_glass", "yes"}});
  l.add("grant", {{"grant", "32769"}, {"person", "alice"}});
  l.add("session", {{"account", "os:alice"}, {"grant", "32768"}});
  asked a = on(l, {"audit", "--event", "break-glass"});
  TEST_ASSERT_EQUAL_STRING(
      "SEQUENCE  AT                         EVENT        FIELDS\n"
      "1         2026-11-22 13:00:01 +0100  break-glass  account=os:root\n"
      "2         2026-11-22 13:00:02 +0100  request      request=r-1000v person=alice break_glass=yes\n"
      "3         2026-11-22 13:00:03 +0100  grant        grant=g-1000v person=alice break_glass=yes\n",
      a.result.out);
}

TEST(an_event_that_no_record_has_is_refused_with_those_there_are) {
  asked a = on(make_log(3), {"audit", "--event", "aprove"});
  TEST_ASSERT_EQUAL_INT(2, a.result.code);
  TEST_ASSERT_EQUAL_STRING(
      "grantctl: the audit has no event \"aprove\" (did you mean \"approve\"?)\nhelp: grantctl audit "
      "--help\n",
      a.result.err);
  TEST_ASSERT_TRUE(a.messages.empty());
  a = on(make_log(3), {"audit", "--event", "NOSUCH"});
  TEST_ASSERT_EQUAL_INT(2, a.result.code);
  TEST_ASSERT_TRUE_MESSAGE(
      contains(a.result.err, "the audit has no event \"NOSUCH\" (known: session, session-end, denied, "),
      a.result.err);
  a = on(make_log(3), {"audit", "--event", "lapse"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_EQUAL_STRING("grantctl: no records\n", a.result.err);
}

TEST(a_person_nobody_knows_and_no_record_names_is_refused) {
  asked a = on(make_log(3), {"audit", "--person", "alcie"});
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_EQUAL_STRING(
      "grantctl: nothing is found, and the policy has no person \"alcie\" (did you mean \"alice\"?)\n"
      "help: grantctl people\n",
      a.result.err);
  a = on(make_log(3), {"audit", "--person", "dave"});
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_EQUAL_STRING("grantctl: no records\n", a.result.err);
  // Gone from the policy, but not from the records.
  TEST_ASSERT_EQUAL_INT(0, on(make_log(3), {"audit", "--person", "bob"}).result.code);
}

TEST(what_became_of_a_persons_requests_and_grants_is_about_them) {
  (void)proof::start();
  log l;
  l.add("grant", {{"grant", "32770"}, {"person", "carol"}, {"by", "root"}});
  l.add("request", {{"request", "32768"}, {"person", "alice"}, {"by", "ask"}});
  l.add("approve", {{"request", "32768"}, {"person", "bob"}});
  l.add("grant", {{"grant", "32769"}, {"person", "alice"}, {"by", "request"}, {"request", "32768"}});
  l.add("session", {{"session", "aa:1"}, {"account", "pg:app"}, {"grant", "32769"}});
  l.add("session", {{"session", "aa:2"}, {"account", "pg:app"}, {"grant", "32770"}});
  l.add("approve", {{"request", "32769"}, {"person", "bob"}});  // a request of the grant's number
  l.add("revoke", {{"grant", "32770"}, {"person", "carol"}, {"by", "alice"}});
  auto sequences = [&](std::vector<std::string> args) {
    std::string all;
    asked a = on(l, std::move(args));
    for (size_t line = a.result.out.find('\n'); line + 1 < a.result.out.size();
         line = a.result.out.find('\n', line + 1))
      all += a.result.out.substr(line + 1, 1);
    return all;
  };
  TEST_ASSERT_EQUAL_STRING("23458", sequences({"audit", "--person", "alice"}));
  TEST_ASSERT_EQUAL_STRING("23458", sequences({"audit", "--person", "a@example.com"}));
  TEST_ASSERT_EQUAL_STRING("37", sequences({"audit", "--person", "bob"}));  // not all of what he approved
  TEST_ASSERT_EQUAL_STRING("58",
                           sequences({"audit", "--person", "alice", "--since", "13:00:04", "--limit", "2"}));
  TEST_ASSERT_EQUAL_STRING("45", sequences({"audit", "--person", "alice", "--after", "3", "--limit", "2"}));
  TEST_ASSERT_EQUAL_STRING("12345678", sequences({"audit"}));
  TEST_ASSERT_EQUAL_STRING("78", sequences({"audit", "--limit", "2"}));
  TEST_ASSERT_EQUAL_STRING("12", sequences({"audit", "--after", "0", "--limit", "2"}));
}

TEST(a_long_log_is_listed_from_its_end_and_reads_the_same_filtered_or_not) {
  const log l = make_log();
  asked a = on(l, {"audit", "-o", "json"});
  TEST_ASSERT_TRUE_MESSAGE(a.result.out.starts_with(R"({"records":[{"sequence":1501,)"),
                           a.result.out.substr(0, 99));
  TEST_ASSERT_TRUE(contains(a.result.out, R"("sequence":2500,)"));
  TEST_ASSERT_TRUE(contains(a.messages[1], R"("after":1500)"));  // the rest is not even asked for
  TEST_ASSERT_EQUAL_STRING(on(l, {"audit", "--after", "2499", "--event", "request", "-o", "json"}).result.out,
                           on(l, {"audit", "--after", "2499", "--limit", "1", "-o", "json"}).result.out);
  a = on(l, {"audit", "--event", "approve", "--limit", "1"});
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, "\n2498 "), a.result.out);
}

TEST(exports_are_one_record_a_line) {
  const log l = make_log(30);
  asked a = on(l, {"audit", "export", "--format", "json", "--after", "28"});
  TEST_ASSERT_TRUE_MESSAGE(
      a.result.out.starts_with(
          R"({"sequence":29,"at":"2026-11-22T12:00:29Z","event":"approve","fields":{"request":"r-1000v","person":"bob"},"chained":")"),
      a.result.out);
  a = on(l, {"audit", "export", "--format", "json", "--after", "27"});
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, R"("scope":["a","b"])"), a.result.out);
  a = on(l, {"audit", "export", "--since", "13:00:29"});
  TEST_ASSERT_EQUAL_INT(2, static_cast<int>(std::count(a.result.out.begin(), a.result.out.end(), '\n')));
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.out, "\"host.name\":") || contains(a.result.out, "\"host\":"),
                           a.result.out);
  TEST_ASSERT_EQUAL_INT(2, on(l, {"audit", "export", "--format", "xml"}).result.code);
  TEST_ASSERT_EQUAL_INT(2, on(l, {"audit", "export", "--format", "chain", "--after", "1"}).result.code);
}

TEST(a_checkpoint_is_printed_as_it_is_signed) {
  const log l = make_log(3);
  asked a = on(l, {"audit", "checkpoint"});
  TEST_ASSERT_EQUAL_STRING(note_of(3, l.head), a.result.out);
  TEST_ASSERT_TRUE(contains(a.result.err, verifier_text()));
}

TEST(the_command_that_is_printed_checks_an_approval_without_grantd) {
  temp_dir d;
  std::string key_file = d / "key";
  TEST_ASSERT_EQUAL_INT(0, std::system(("ssh-keygen -q -t ed25519 -N '' -C bob -f " + key_file).c_str()));
  write_file(d / "text", approval_text);
  TEST_ASSERT_EQUAL_INT(0, std::system(("ssh-keygen -q -Y sign -n approve@grantd -f " + key_file + " < " +
                                        (d / "text") + " > " + (d / "sig") + " 2>/dev/null")
                                           .c_str()));
  std::string line = contents(key_file + ".pub");
  line.pop_back();
  auto shown = [&](const std::string& text) {
    return by_method(
        {{"ShowRequest",
          answer(
              "{\"request\":" +
              request_of("granted", R"("approvals":[{"person":"bob","at_us":1,"for_us":3600000000,"key":")" +
                                        line + R"(","signature":")" + in_json(contents(d / "sig")) +
                                        R"(","text":")" + in_json(text) + R"("}],)") +
              "}")}});
  };
  asked a = ask(shown(approval_text), {"audit", "approval", "r-7k2m", "--to", d / "evidence dir"});
  TEST_ASSERT_TRUE_MESSAGE(a.result.code == 0, a.result.err);
  std::string command = a.result.out;
  TEST_ASSERT_TRUE(command.starts_with("ssh-keygen -Y verify -n approve@grantd -f "));
  command.pop_back();
  TEST_ASSERT_EQUAL_INT(0, std::system((command + " >/dev/null 2>&1").c_str()));
  TEST_ASSERT_EQUAL_STRING(approval_text, contents(d / "evidence dir/r-7k2m-bob.txt"));
  // Not over what is there already, and a text that was changed does not verify.
  TEST_ASSERT_EQUAL_INT(
      1, ask(shown(approval_text), {"audit", "approval", "r-7k2m", "--to", d / "evidence dir"}).result.code);
  a = ask(shown(approval_text + "role: app\n"), {"audit", "approval", "r-7k2m", "--to", d / "changed"});
  command = a.result.out.substr(0, a.result.out.size() - 1);
  TEST_ASSERT_TRUE(std::system((command + " >/dev/null 2>&1").c_str()) != 0);
}

TEST(an_approval_cannot_name_files_elsewhere) {
  (void)proof::start();
  const std::string key_line =
      "ssh-ed25519 " +
      proof::encode_base64(std::string("\0\0\0\x0bssh-ed25519\0\0\0\x20", 19) + std::string(32, 'k'));
  temp_dir d;
  for (const auto& [person, key] : std::vector<std::pair<std::string, std::string>>{
           {"../bob", key_line}, {"bob", "no key"}, {"bob", ""}}) {
    auto script = by_method(
        {{"ShowRequest", answer("{\"request\":" +
                                request_of("granted", R"("approvals":[{"person":")" + person +
                                                          R"(","at_us":1,"for_us":1,"key":")" + key +
                                                          R"(","signature":"s","text":"t"}],)") +
                                "}")}});
    TEST_ASSERT_EQUAL_INT(3, ask(script, {"audit", "approval", "r-7k2m", "--to", d / "e"}).result.code);
    TEST_ASSERT_FALSE(std::filesystem::exists(d / "bob.txt"));
  }
}

TEST(base64_in_bulk_reads_what_the_slow_one_reads_and_nothing_else) {
  (void)proof::start();
  std::string bytes;
  for (int n = 0; n < 300; ++n) {
    TEST_ASSERT_TRUE(grantd::cli::decode_public_base64(proof::encode_base64(bytes)) == bytes);
    bytes += static_cast<char>(n * 37);
  }
  for (const char* bad : {"A", "AA", "AAA", "AAAAA", "A===", "====", "AA=A", "AB==", "AAB=", "AA==AAAA",
                          "AA-A", "AA A", "AA\nA", "\xff\xff\xff\xff", "AAAA="}) {
    TEST_ASSERT_TRUE_MESSAGE(!grantd::cli::decode_public_base64(bad).has_value(), bad);
    TEST_ASSERT_TRUE_MESSAGE(!proof::decode_base64(bad).has_value(), bad);
  }
}
