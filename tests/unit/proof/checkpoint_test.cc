// SPDX-License-Identifier: Apache-2.0
// Checkpoints as other code writes them from the prose, and: nothing that was changed, is of another host or
// of another key is believed.
#include "proof/checkpoint.h"

#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <new>
#include <ostream>

#include "base/timestamp.h"
#include "support/unity.h"

using namespace grantd;
using proof::checkpoint_fault;
using proof::node_key;

namespace {

template <typename T>
concept printable = requires(std::ostream& o, const T& t) { o << t; };
template <typename T>
concept compares = requires(const T& t) { t == t; };
static_assert(!printable<node_key> && !compares<node_key>);
static_assert(!std::is_copy_constructible_v<node_key> && !std::is_copy_assignable_v<node_key>);

template <size_t N>
std::array<uint8_t, N> unhex(const std::string& hex) {
  std::array<uint8_t, N> out{};
  TEST_ASSERT_EQUAL_UINT64(2 * N, hex.size());
  for (size_t i = 0; i < N; ++i) out[i] = static_cast<uint8_t>(std::stoul(hex.substr(2 * i, 2), nullptr, 16));
  return out;
}

struct sample {
  node_key key =
      node_key::from(unhex<32>("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
  std::string name = proof::node_name(unhex<16>("000102030405060708090a0b0c0d0e0f"));
  proof::verifier by{name, key.shown()};
  std::string body = name + "\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\ntime 2026-11-22T17:30:00Z\n";
  std::string note =
      proof::sign_checkpoint({name, 7, {}, *base::parse_timestamp("2026-11-22T17:30:00Z")}, key);
  // Another body above the same signature: what is malformed is said before what is badly signed.
  [[nodiscard]] std::string above_signature(const std::string& text) const {
    return text + "\n" + note.substr(note.find("\n\n") + 2);
  }
};

checkpoint_fault fault_of(const std::string& note, const proof::verifier& by) {
  auto got = proof::open_checkpoint(note, by);
  TEST_ASSERT_FALSE(got.has_value());
  return got.error();
}

void follow(const std::string& file) {
  TEST_ASSERT_TRUE(proof::start());
  std::ifstream in(std::string(VECTORS) + "/" + file);
  std::map<std::string, std::string> facts;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line) && !line.empty())
    facts[line.substr(0, line.find(' '))] = line.substr(line.find(' ') + 1);
  const std::string note{std::istreambuf_iterator<char>(in), {}};
  const node_key key = node_key::from(unhex<32>(facts["seed"]));
  const std::string name = proof::node_name(unhex<16>(facts["uuid"]));
  TEST_ASSERT_EQUAL_STRING(facts["verifier"], proof::print_verifier(name, key.shown()));
  const proof::checkpoint c{name, std::stoull(facts["size"]), unhex<32>(facts["head"]),
                            *base::parse_timestamp(facts["at"])};
  TEST_ASSERT_EQUAL_STRING(note, proof::sign_checkpoint(c, key));
  auto by = proof::parse_verifier(facts["verifier"]);
  TEST_ASSERT_TRUE(by.has_value());
  TEST_ASSERT_EQUAL_STRING(name, by->name);
  TEST_ASSERT_TRUE(by->key == key.shown());
  auto got = proof::open_checkpoint(note, *by);
  TEST_ASSERT_TRUE(got.has_value());
  TEST_ASSERT_EQUAL_STRING(c.origin, got->origin);
  TEST_ASSERT_EQUAL_UINT64(c.size, got->size);
  TEST_ASSERT_TRUE(c.head == got->head);
  TEST_ASSERT_TRUE(c.at == got->at);
}

}  // namespace

TEST(a_first_checkpoint_matches_the_vector) { follow("checkpoint_first.txt"); }
TEST(a_checkpoint_with_numbers_at_their_ends_matches_the_vector) { follow("checkpoint_large.txt"); }

TEST(every_flipped_bit_of_a_checkpoint_is_found) {
  sample s;
  for (char& byte : s.note) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const char was = byte;
      byte = static_cast<char>(byte ^ 1 << bit);
      TEST_ASSERT_TRUE_MESSAGE(!proof::open_checkpoint(s.note, s.by), s.note);
      byte = was;
    }
  }
  TEST_ASSERT_TRUE(proof::open_checkpoint(s.note, s.by).has_value());
}

TEST(a_checkpoint_cut_anywhere_or_with_a_byte_more_is_refused) {
  sample s;
  for (size_t n = 0; n < s.note.size(); ++n)
    TEST_ASSERT_FALSE(proof::open_checkpoint(s.note.substr(0, n), s.by).has_value());
  for (const char* more : {"x", "\n", " ", "\r\n"})
    TEST_ASSERT_TRUE(fault_of(s.note + more, s.by) == checkpoint_fault::malformed);
}

TEST(another_number_in_a_signed_body_is_a_bad_signature) {
  sample s;
  s.note.replace(s.note.find("\n7\n"), 3, "\n8\n");
  TEST_ASSERT_TRUE(fault_of(s.note, s.by) == checkpoint_fault::bad_signature);
}

TEST(a_body_written_otherwise_is_malformed) {
  sample s;
  TEST_ASSERT_TRUE(proof::open_checkpoint(s.above_signature(s.body), s.by).has_value());
  const std::pair<const char*, const char*> changes[] = {
      {"\n7\n", "\n07\n"},
      {"\n7\n", "\n+7\n"},
      {"\n7\n", "\n 7\n"},
      {"\n7\n", "\n18446744073709551616\n"},
      {"\n7\n", "\n\n"},
      {"AAA=", "AAB="},
      {"AAA=", "AAAA"},
      {"00Z", "00.0Z"},
      {"17:30:00Z", "18:30:00+01:00"},
      {"time ", "Time "},
      {"00Z\n", "00Z\nmore\n"},
      {"\ntime 2026-11-22T17:30:00Z", ""},
      {"grantd/", "grantd /"},
  };
  for (auto [from, to] : changes) {
    std::string body = s.body;
    body.replace(body.find(from), std::strlen(from), to);
    TEST_ASSERT_TRUE_MESSAGE(fault_of(s.above_signature(body), s.by) == checkpoint_fault::malformed, to);
  }
}

TEST(a_checkpoint_of_another_host_says_so) {
  sample s;
  proof::verifier other = s.by;
  other.name = proof::node_name(unhex<16>("ffffffffffffffffffffffffffffffff"));
  TEST_ASSERT_TRUE(fault_of(s.note, other) == checkpoint_fault::other_origin);
  // Signed by the other key's owner, but about this host.
  const std::string theirs = proof::sign_checkpoint({other.name, 7, {}, {}}, s.key);
  TEST_ASSERT_TRUE(fault_of(theirs, s.by) == checkpoint_fault::other_origin);
}

TEST(a_checkpoint_that_another_key_signed_is_not_signed) {
  sample s;
  const node_key other = node_key::make();
  const std::string theirs = proof::sign_checkpoint({s.name, 7, {}, {}}, other);
  TEST_ASSERT_TRUE(fault_of(theirs, s.by) == checkpoint_fault::not_signed);
}

TEST(signatures_of_witnesses_are_passed_over_and_replace_none) {
  sample s;
  const std::string witness = "\u2014 witness.example.org/w AAAAAAECAwQ=\n";
  const size_t lines = s.note.find("\n\n") + 2;
  TEST_ASSERT_TRUE(proof::open_checkpoint(s.note + witness, s.by).has_value());
  TEST_ASSERT_TRUE(
      proof::open_checkpoint(s.note.substr(0, lines) + witness + s.note.substr(lines), s.by).has_value());
  TEST_ASSERT_TRUE(fault_of(s.note.substr(0, lines) + witness, s.by) == checkpoint_fault::not_signed);
  std::string many = s.note;
  for (int i = 0; i < 16; ++i) many += witness;
  TEST_ASSERT_TRUE(fault_of(many, s.by) == checkpoint_fault::malformed);
}

TEST(two_signatures_of_the_key_must_both_be_good) {
  sample s;
  const std::string line = s.note.substr(s.note.find("\n\n") + 2);
  TEST_ASSERT_TRUE(proof::open_checkpoint(s.note + line, s.by).has_value());
  const std::string other = proof::sign_checkpoint({s.name, 8, {}, {}}, s.key);
  const std::string bad = other.substr(other.find("\n\n") + 2);
  TEST_ASSERT_TRUE(fault_of(s.note + bad, s.by) == checkpoint_fault::bad_signature);
  TEST_ASSERT_TRUE(fault_of(s.body + "\n" + bad + line, s.by) == checkpoint_fault::bad_signature);
}

TEST(a_note_longer_than_the_limit_is_refused) {
  sample s;
  const std::string witness = "\u2014 witness.example.org/w ";
  TEST_ASSERT_TRUE(
      proof::open_checkpoint(s.note + witness + std::string(3600, 'A') + '\n', s.by).has_value());
  TEST_ASSERT_TRUE(fault_of(s.note + witness + std::string(4000, 'A') + '\n', s.by) ==
                   checkpoint_fault::malformed);
}

TEST(a_verifier_changed_in_any_bit_or_cut_is_none_or_another) {
  sample s;
  const std::string good = proof::print_verifier(s.name, s.key.shown());
  for (size_t i = 0; i < good.size(); ++i) {
    TEST_ASSERT_FALSE(proof::parse_verifier(good.substr(0, i)).has_value());
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ 1 << bit);
      TEST_ASSERT_FALSE(proof::parse_verifier(bad).has_value());
    }
  }
  TEST_ASSERT_FALSE(proof::parse_verifier(good + "\n").has_value());
}

TEST(a_key_kept_as_its_seed_comes_back_the_same) {
  TEST_ASSERT_TRUE(proof::start());
  const node_key key = node_key::make();
  node_key::seed seed{};
  key.write_seed(seed);
  const node_key again = node_key::from(seed);
  TEST_ASSERT_TRUE(again.shown() == key.shown());
  TEST_ASSERT_TRUE(again.sign("x") == key.sign("x"));
  TEST_ASSERT_TRUE(node_key::make().shown() != key.shown());
}

TEST(a_key_that_goes_or_moves_leaves_no_secret_behind) {
  node_key::seed seed{};
  seed.fill(0x5a);
  alignas(node_key) unsigned char room[sizeof(node_key)];
  auto* key = new (room) node_key(node_key::from(seed));
  auto holds = [&] {
    return std::string_view(reinterpret_cast<char*>(room), sizeof room).find("ZZZZZZZZ") !=
           std::string_view::npos;
  };
  TEST_ASSERT_TRUE(holds());
  {
    node_key moved(std::move(*key));
    TEST_ASSERT_FALSE(holds());
    node_key::seed out{};
    moved.write_seed(out);
    TEST_ASSERT_TRUE(out == seed);
  }
  key->~node_key();
  key = new (room) node_key(node_key::from(seed));
  TEST_ASSERT_TRUE(holds());
  key->~node_key();
  // The compiler may not assume that nobody looks.
  asm volatile("" : : "r"(room) : "memory");
  TEST_ASSERT_FALSE(holds());
}
