// SPDX-License-Identifier: Apache-2.0
// grantctl audit verify: is the chain what it says it is; and what that does not prove. Trusts nothing but a
// checkpoint that its key signed.
#include <fmt/format.h>

#include "cli/audit_records.h"
#include "cli/chain.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/files.h"
#include "proof/checkpoint.h"

namespace grantd::cli {
namespace {

constexpr size_t max_note = 64 << 10;
constexpr std::string_view keep_help = "grantctl audit export --format chain > audit.chain";

constexpr argument takes[] = {
    {argument::kind::option, "--checkpoint", "FILE",
     "a note of audit checkpoint, kept elsewhere; \"-\": stdin"},
    {argument::kind::option, "--key", "VERIFIER",
     "the key that signed it, or a file with it: grantd/...+...+..."},
    {argument::kind::option, "--from", "FILE", "a file of audit export --format chain, instead of grantd"},
};

struct walked {
  uint64_t records = 0;
  proof::digest head{};
  int64_t last_us = 0;
  std::optional<proof::digest> at_mark;  // the digest of record `mark`
  std::string fault;                     // what is wrong with the record after the last good one
};

std::string described(const proof::record& r, const context& c) {
  return fmt::format("record {} ({}, {})", r.sequence, c.time_text(r.utc_us), record_words(r));
}

// The first bad record of `batch`, of which `good` records were found good.
std::string blame(std::string_view batch, uint64_t good, const proof::chain_reader& reader, bool from_file,
                  const context& c) {
  uint64_t number = reader.sequence() + 1;
  std::optional<proof::record> bad;
  (void)each_chained(batch, [&](std::span<const uint8_t> bytes, const proof::digest&) {
    if (good-- > 0) return true;
    bad = proof::decode_record(bytes);
    return false;
  });
  using fault = proof::chain_reader::fault;
  switch (reader.why()) {
    case fault::none:
      break;
    case fault::cut:
      return fmt::format("record {} is cut: the {} ends in the middle of it", number,
                         from_file ? "file" : "answer");
    case fault::malformed:
      return fmt::format("record {} is no record any more: it was changed", number);
    case fault::sequence:
      return bad ? fmt::format("record {} is missing: {} stands in its place", number, described(*bad, c))
                 : fmt::format("record {} is missing", number);
    case fault::changed:
      return bad ? fmt::format("{} was changed, or the one before it", described(*bad, c))
                 : fmt::format("record {} was changed, or the one before it", number);
  }
  return fmt::format("record {} is not to be believed", number);
}

result<walked> walk(const batches& next, uint64_t mark, bool from_file, const context& c) {
  walked w;
  proof::chain_reader reader;
  auto each = [&](const proof::record& r, const proof::digest& d) {
    w.last_us = r.utc_us;
    if (r.sequence == mark) w.at_mark = d;
  };
  for (;;) {
    auto batch = next();
    if (!batch) return std::unexpected(std::move(batch.error()));
    if (!*batch) break;
    uint64_t before = reader.sequence();
    if (!reader.take(**batch, each)) {
      w.fault = blame(**batch, reader.sequence() - before, reader, from_file, c);
      break;
    }
  }
  w.records = reader.sequence();
  w.head = reader.head();
  return w;
}

// What was kept outside, opened with a key.
struct outside {
  proof::checkpoint note;
  bool own_key = false;  // the key was named by the same grantd
};

result<proof::verifier> key_of(context& c, bool& own) {
  std::string text = c.given.get("--key");
  if (text.empty()) {
    if (c.given.has("--from")) {
      return refuse(exit_code::usage,
                    "with --from a checkpoint needs --key: there is no grantd to ask for it",
                    "grantctl audit verify --help");
    }
    auto answer = c.ask("Checkpoint");
    if (!answer) return std::unexpected(std::move(answer.error()));
    problem bad;
    text = fields(*answer, bad).text("verifier");
    if (bad) return bad.refuse();
    own = true;
  } else if (!proof::parse_verifier(text)) {
    auto file = read_file(text, max_note);
    if (!file) {
      return refuse(exit_code::usage, fmt::format("--key \"{}\" is no verifier and no file with one", text),
                    "grantctl audit checkpoint -o json");
    }
    text = file->substr(0, file->find('\n'));
  }
  auto key = proof::parse_verifier(text);
  if (!key) {
    if (own) return std::unexpected(bad_answer("\"verifier\" is no key"));
    return refuse(exit_code::usage,
                  fmt::format("{} holds no verifier (NAME+HASH+BASE64)", c.given.get("--key")),
                  "grantctl audit checkpoint -o json");
  }
  return *key;
}

result<std::optional<outside>> open_outside(context& c) {
  std::string path = c.given.get("--checkpoint");
  if (path.empty()) {
    if (c.given.has("--key"))
      return refuse(exit_code::usage, "--key is the key of a --checkpoint", "grantctl audit verify --help");
    return std::optional<outside>();
  }
  auto text = read_file(path, max_note, c.here.in);
  if (!text) return refuse(exit_code::usage, text.error(), "grantctl audit verify --help");
  outside o;
  auto key = key_of(c, o.own_key);
  if (!key) return std::unexpected(std::move(key.error()));
  auto note = proof::open_checkpoint(*text, *key);
  if (!note) {
    return refuse(exit_code::no, fmt::format("the checkpoint {} {}", path, proof::words(note.error())),
                  "grantctl audit checkpoint");
  }
  o.note = *note;
  return std::optional<outside>(std::move(o));
}

// What the log is not to the checkpoint; empty: it is what was signed.
std::string compare(const walked& w, const outside& o, const context& c) {
  std::string of = c.time_text(o.note.at.us);
  if (o.note.size > w.records) {
    return fmt::format(
        "the log ends at record {}, but the checkpoint of {} has seen {}: records were cut off", w.records,
        of, o.note.size);
  }
  proof::digest there = w.at_mark.value_or(proof::digest{});
  if (there == o.note.head) return {};
  return fmt::format(
      "record {} is not the one that the checkpoint of {} was signed for: the log was written anew",
      o.note.size, of);
}

std::string what_is_not_known(const walked& w, const std::optional<outside>& o) {
  if (!o) {
    return fmt::format(
        "not known without a checkpoint that was kept elsewhere: that nothing was cut off after record {}, "
        "and that "
        "not the whole was written anew",
        w.records);
  }
  std::string text = fmt::format("not known: that nothing was cut off after record {}", w.records);
  if (o->own_key) {
    text +=
        "; and the key is the one that grantd names now, not one that you kept: whoever wrote a new log "
        "could "
        "have signed it";
  }
  return text;
}

value document_of(const walked& w, const std::optional<outside>& o, const std::string& wrong) {
  value d;
  d.set("ok", wrong.empty());
  d.set("records", static_cast<int64_t>(w.records));
  d.set("head", hex(w.head));
  if (o) {
    value note;
    note.set("origin", o->note.origin);
    note.set("size", static_cast<int64_t>(o->note.size));
    note.set("at_us", o->note.at.us);
    note.set("key", o->own_key ? "named by grantd" : "given");
    d.set("checkpoint", std::move(note));
  }
  if (!wrong.empty()) d.set("message", wrong);
  d.set("not_known", what_is_not_known(w, o));
  return d;
}

result<exit_code> run(context& c) {
  if (!proof::start())
    return refuse(exit_code::no, "libsodium does not start", "apt-get install libsodium23");
  auto kept = open_outside(c);
  if (!kept) return std::unexpected(std::move(kept.error()));
  bool from_file = c.given.has("--from");
  auto next = from_file ? batches_of_file(c.given.get("--from")) : batches_of_daemon(c, 0);
  if (!next) return std::unexpected(std::move(next.error()));
  auto w = walk(*next, *kept ? (*kept)->note.size : 0, from_file, c);
  if (!w) return std::unexpected(std::move(w.error()));
  std::string wrong = w->fault;
  if (wrong.empty() && *kept) wrong = compare(*w, **kept, c);
  if (wrong.empty() && w->records == 0) wrong = "there is no record: nothing was checked";
  if (c.opts.json) c.print_document(document_of(*w, *kept, wrong));
  if (!wrong.empty()) {
    std::string good = w->fault.empty() ? "" : fmt::format("; the {} before it are good", w->records);
    return refuse(exit_code::no, wrong + good, std::string(keep_help));
  }
  if (c.opts.json) return exit_code::done;
  c.out.data(fmt::format("good: {} records, each follows from the one before it{}\nhead  {}\n", w->records,
                         ", the last of " + c.time_text(w->last_us), hex(w->head)));
  if (*kept) {
    c.out.data(
        fmt::format("good: record {} is the one that the checkpoint of {} was signed for; {} came since\n",
                    (*kept)->note.size, c.time_text((*kept)->note.at.us), w->records - (*kept)->note.size));
  }
  c.out.say(what_is_not_known(*w, *kept));
  if (!*kept) c.out.help("grantctl audit checkpoint > FILE");
  return exit_code::done;
}

}  // namespace

const command audit_verify_command{
    "audit verify",
    "check that no record of the audit was changed, cut out or put in",
    "Reads the whole chain, and each record must follow from the one before it. A checkpoint that\n"
    "was kept on another machine proves more: that the log still begins as it was then. Without --key\n"
    "its signature is checked with the key that grantd names itself, which proves less.\n"
    "Needs the right see or grant, or root; with --from nobody is asked.\n"
    "Exit code 0: good. 1: not, with the first bad record.",
    "  grantctl audit verify\n  grantctl audit verify --checkpoint monday.note --key grantd.verifier\n"
    "  grantctl audit verify --from audit.chain --checkpoint monday.note --key grantd.verifier",
    takes,
    run};

}  // namespace grantd::cli
