// SPDX-License-Identifier: Apache-2.0
// grantctl audit approval: takes the approvals of a request out, so that OpenSSH alone can check them.
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/names.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/files.h"
#include "cli/requests.h"
#include "cli/text.h"
#include "proof/allowed_signers.h"
#include "proof/sshsig.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::positional, "id", "ID", "the request: r-7k2m", true},
    {argument::kind::option, "--to", "DIRECTORY", "where to; made if it is not there", true},
};

// Both become parts of a file's name.
bool is_safe_id(std::string_view id) {
  return id.starts_with("r-") && id.size() < 20 &&
         id.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz-") == id.npos;
}

struct written {
  std::string person, text, signature, signers;  // paths
};

result<written> write_out(const approval& a, const std::string& id, const std::string& directory) {
  if (!base::is_plain_name(a.person) || !is_safe_id(id))
    return std::unexpected(bad_answer("an approval has no names for its files"));
  std::string stem = fmt::format("{}/{}-{}", directory, id, a.person);
  written w{a.person, stem + ".txt", stem + ".sig", stem + ".allowed_signers"};
  std::string line = proof::print_allowed_signer(a.person, proof::approval_namespace, a.key);
  if (line.empty()) return std::unexpected(bad_answer(fmt::format("the key of {} is none", a.person)));
  line += '\n';
  const std::pair<std::string, std::string_view> files[] = {
      {w.text, a.text}, {w.signature, a.signature}, {w.signers, line}};
  for (const auto& [path, bytes] : files) {
    if (auto made = write_new_file(path, bytes); !made)
      return refuse(exit_code::no, made.error(), "ls -l " + shell_word(directory));
  }
  return w;
}

std::string check_command(const written& w) {
  return fmt::format("ssh-keygen -Y verify -n {} -f {} -I {} -s {} < {}", proof::approval_namespace,
                     shell_word(w.signers), w.person, shell_word(w.signature), shell_word(w.text));
}

result<exit_code> run(context& c) {
  value parameters;
  parameters.set("id", c.given.get("id"));
  auto answer = c.ask("ShowRequest", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  auto r = read_request(fields(*answer, bad).object("request"));
  if (bad) return bad.refuse();
  if (!r) return std::unexpected(std::move(r.error()));
  std::string directory = c.given.get("--to");
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return refuse(exit_code::usage, fmt::format("cannot make {}: {}", directory, std::strerror(errno)));
  value::array documents;
  for (const approval& a : r->approvals) {
    if (a.signature.empty()) {
      c.out.say(
          fmt::format("{} approved without a signature, as the rule allowed: nothing to take out", a.person));
      continue;
    }
    auto w = write_out(a, r->id, directory);
    if (!w) return std::unexpected(std::move(w.error()));
    value d;
    d.set("person", w->person);
    d.set("text", w->text);
    d.set("signature", w->signature);
    d.set("allowed_signers", w->signers);
    d.set("check", check_command(*w));
    documents.push_back(std::move(d));
    if (!c.opts.json) c.out.data(visible(check_command(*w)) + "\n");
  }
  if (documents.empty())
    return refuse(exit_code::no, fmt::format("{} has no signed approval", r->id),
                  fmt::format("grantctl show {}", r->id));
  if (c.opts.json) {
    value document;
    document.set("approvals", std::move(documents));
    c.print_document(document);
  } else {
    c.out.say("the keys are what grantd says: compare them with your own list of who has which");
  }
  return exit_code::done;
}

}  // namespace

const command audit_approval_command{
    "audit approval",
    "take the signed approvals of a request out, for ssh-keygen to check",
    "For each signed approval: the text, the signature and an allowed_signers line, as new files,\n"
    "and on stdout the command that checks them without grantd.",
    "  grantctl audit approval r-7k2m --to evidence\n  grantctl audit approval r-7k2m --to evidence | sh",
    takes,
    run};

}  // namespace grantd::cli
