// SPDX-License-Identifier: Apache-2.0
// grantctl approve: nothing is signed unseen, unasked, with a forwarded agent or with somebody else's key.
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <thread>

#include "cli/agent.h"
#include "proof/sshsig.h"
#include "requests_data.h"
#include "support/unity.h"

using namespace grantd::test;

namespace {

int shell(const std::string& command) { return std::system(("(" + command + ") >/dev/null 2>&1").c_str()); }

// A home with an ed25519 key without passphrase, or without any.
struct home {
  temp_dir directory;
  std::string key;
  explicit home(bool with_key = true) : key(directory / ".ssh/id_ed25519") {
    (void)shell("mkdir -p " + (directory / ".ssh"));
    if (with_key && shell("ssh-keygen -q -t ed25519 -N '' -C alice@laptop -f " + key) != 0)
      throw std::runtime_error("ssh-keygen");
  }
  [[nodiscard]] std::string line() const {
    std::string text = contents(key + ".pub");
    return text.substr(0, text.find('\n'));
  }
  [[nodiscard]] stage at_home() const {
    stage s;
    s.environment["HOME"] = directory.path();
    return s;
  }
};

fake_grantd::script approving(const std::string& text_reply) {
  return by_method({{"ApprovalText", text_reply},
                    {"Approve", answer("{\"request\":" + request_of("granted") +
                                       ",\"grant\":" + grant_of("open") + "}")}});
}

// The armour in an Approve message.
std::string armour_in(const std::string& message) {
  size_t at = message.find("-----BEGIN");
  std::string text = at == message.npos ? "" : message.substr(at, message.find('"', at) - at);
  for (size_t n = 0; (n = text.find("\\n")) != text.npos;) text.replace(n, 2, "\n");
  return text;
}

bool nothing_was_sent(const asked& a) {
  for (const std::string& m : a.messages) {
    if (contains(m, ".Approve\"")) return false;
  }
  return true;
}

const std::vector<std::string> approve = {"approve", "r-7k2m"};
const std::vector<std::string> approve_yes = {"approve", "r-7k2m", "--yes"};

// A process called `name` that listens on `path`.
class listener {
 public:
  listener(const std::string& path, const char* name) {
    int ready[2];
    if (pipe(ready) != 0) throw std::runtime_error("pipe");
    child_ = fork();
    if (child_ == 0) {
      (void)prctl(PR_SET_NAME, name);
      (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
      int fd = socket(AF_UNIX, SOCK_STREAM, 0);
      sockaddr_un where{};
      where.sun_family = AF_UNIX;
      path.copy(where.sun_path, sizeof where.sun_path - 1);
      bool ok = bind(fd, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0 && listen(fd, 8) == 0;
      (void)!write(ready[1], ok ? "y" : "n", 1);
      for (;;) pause();
    }
    char c = 0;
    if (read(ready[0], &c, 1) != 1 || c != 'y') throw std::runtime_error("listener");
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~listener() {
    (void)kill(child_, SIGKILL);
    (void)waitpid(child_, nullptr, 0);
  }
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

 private:
  pid_t child_;
};

}  // namespace

TEST(what_is_sent_is_a_signature_over_exactly_the_text) {
  home h;
  asked a =
      ask(approving(text_answer(approval_text, true, "[\"" + h.line() + "\"]")), approve_yes, h.at_home());
  TEST_ASSERT_TRUE_MESSAGE(a.result.code == 0, a.result.err);
  TEST_ASSERT_TRUE_MESSAGE(a.result.out.starts_with("r-7k2m: approved; open: g-7k2m alice orders-db"),
                           a.result.out);
  std::string armour = armour_in(a.messages.back());
  auto signer = grantd::proof::verify_sshsig(armour, "approve@grantd", approval_text);
  TEST_ASSERT_TRUE(signer.has_value());
  TEST_ASSERT_FALSE(grantd::proof::verify_sshsig(armour, "approve@grantd", approval_text + "\n").has_value());
}

TEST(the_text_stands_between_rules_before_the_question_and_no_is_no) {
  home h;
  terminal t;
  stage s = h.at_home();
  s.terminal = t.name();
  t.type("y\n");  // before the question: it answers nothing
  asked a;
  auto run = [&] { a = ask(approving(text_answer()), approve, s); };
  std::string seen = t.answer("[y/N] ", "n\n", run);
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_TRUE(nothing_was_sent(a));
  std::string rule(72, '-');
  TEST_ASSERT_TRUE_MESSAGE(seen == rule + "\n" + approval_text + rule + "\nSign this as alice@laptop? [y/N] ",
                           seen);
  (void)t.answer("[y/N] ", "y\n", run);
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_FALSE(nothing_was_sent(a));
}

TEST(without_a_terminal_a_script_has_to_say_yes) {
  home h;
  stage s = h.at_home();
  s.input = "y\n";
  asked a = ask(approving(text_answer()), approve, s);
  TEST_ASSERT_EQUAL_INT(2, a.result.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "help: grantctl approve r-7k2m --yes\n"), a.result.err);
  TEST_ASSERT_TRUE(nothing_was_sent(a));
}

TEST(a_rule_without_signatures_asks_for_a_yes_only) {
  home h(false);
  asked a = ask(approving(text_answer(approval_text, false)), approve_yes, h.at_home());
  TEST_ASSERT_TRUE_MESSAGE(a.result.code == 0, a.result.err);
  TEST_ASSERT_EQUAL_STRING(R"({"method":"org.grantd.Access.Approve","parameters":{"id":"r-7k2m"}})",
                           a.messages.back());
}

TEST(a_key_that_is_not_enrolled_is_not_chosen) {
  home h;
  home other;
  asked a = ask(approving(text_answer(approval_text, true, "[\"" + other.line() + "\"]")), approve_yes,
                h.at_home());
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "none of your enrolled keys is here (SHA256:"),
                           a.result.err);
  TEST_ASSERT_TRUE(nothing_was_sent(a));
  a = ask(approving(text_answer(approval_text, true, "[]")), approve_yes, h.at_home());
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "no key is enrolled for you"), a.result.err);
  // Named, it is used: a signature is its key owner's, whoever carries it.
  auto args = approve_yes;
  args.insert(args.end(), {"--key", other.key});
  TEST_ASSERT_EQUAL_INT(0, ask(approving(text_answer()), args, h.at_home()).result.code);
}

TEST(a_key_file_that_is_not_there_is_named) {
  home h;
  auto args = approve_yes;
  args.insert(args.end(), {"--key", "/nonexistent/key"});
  asked a = ask(approving(text_answer()), args, h.at_home());
  TEST_ASSERT_EQUAL_INT(2, a.result.code);
  TEST_ASSERT_TRUE_MESSAGE(
      a.result.err.starts_with("grantctl: cannot open /nonexistent/key: No such file or directory; "),
      a.result.err);
  TEST_ASSERT_TRUE_MESSAGE(a.result.err.ends_with("\nhelp: grantctl approve r-7k2m\n"), a.result.err);
  TEST_ASSERT_TRUE(nothing_was_sent(a));
}

TEST(no_key_at_all_names_the_option) {
  home h(false);
  asked a = ask(approving(text_answer()), approve_yes, h.at_home());
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "help: grantctl approve r-7k2m --key FILE\n"),
                           a.result.err);
  auto args = approve_yes;
  args.insert(args.end(), {"--key", "/etc/hostname"});
  TEST_ASSERT_EQUAL_INT(2, ask(approving(text_answer()), args, h.at_home()).result.code);
}

TEST(a_signature_made_elsewhere_is_carried_as_it_is) {
  stage s;
  s.input = "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n";
  asked a = ask(approving(text_answer()), {"approve", "r-7k2m", "--for", "30m", "--signature", "-"}, s);
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_EQUAL_UINT64(1, a.messages.size());
  TEST_ASSERT_EQUAL_STRING(
      R"({"method":"org.grantd.Access.Approve","parameters":{"id":"r-7k2m","for_us":1800000000,)"
      R"("signature":"-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"}})",
      a.messages.front());
  s.input = std::string(5000, 'x');
  TEST_ASSERT_EQUAL_INT(
      2, ask(approving(text_answer()), {"approve", "r-7k2m", "--signature", "-"}, s).result.code);
}

TEST(an_agent_signs_when_it_is_here) {
  home h;
  std::string socket = h.directory / "agent";
  // ssh-agent as a child of this test, with the only copy of the private half.
  std::string pid_file = h.directory / "pid";
  TEST_ASSERT_EQUAL_INT(
      0, shell("ssh-agent -a " + socket + " | sed -n 's/^SSH_AGENT_PID=\\([0-9]*\\).*/\\1/p' > " + pid_file));
  int agent = std::stoi(contents(pid_file));
  int added = shell("SSH_AUTH_SOCK=" + socket + " ssh-add " + h.key + " && rm " + h.key);
  stage s = h.at_home();
  s.environment["SSH_AUTH_SOCK"] = socket;
  s.environment["SSH_CONNECTION"] = "192.0.2.1 1 192.0.2.2 22";  // an ssh session, but an agent of its own
  asked a = ask(approving(text_answer(approval_text, true, "[\"" + h.line() + "\"]")), approve_yes, s);
  (void)kill(agent, SIGTERM);
  TEST_ASSERT_EQUAL_INT(0, added);
  TEST_ASSERT_TRUE_MESSAGE(a.result.code == 0, a.result.err);
  TEST_ASSERT_TRUE(grantd::proof::verify_sshsig(armour_in(a.messages.back()), "approve@grantd", approval_text)
                       .has_value());
}

TEST(a_forwarded_agent_is_one_that_sshd_listens_for) {
  temp_dir d;
  listener sshd(d / "forwarded", "sshd");
  listener session(d / "forwarded-9.8", "sshd-session");
  listener agent(d / "own", "ssh-agent");
  for (bool ssh_session : {false, true}) {
    TEST_ASSERT_TRUE(grantd::cli::is_forwarded_agent(d / "forwarded", ssh_session));
    TEST_ASSERT_TRUE(grantd::cli::is_forwarded_agent(d / "forwarded-9.8", ssh_session));
    TEST_ASSERT_FALSE(grantd::cli::is_forwarded_agent(d / "own", ssh_session));
    TEST_ASSERT_FALSE(grantd::cli::is_forwarded_agent(d / "absent", ssh_session));
  }
  (void)!symlink((d / "forwarded").c_str(), (d / "agent.sock").c_str());  // as people do for tmux
  TEST_ASSERT_TRUE(grantd::cli::is_forwarded_agent(d / "agent.sock", false));
}

TEST(a_forwarded_agent_is_not_asked_unless_it_is_said) {
  home h;
  listener sshd(h.directory / "forwarded", "sshd");
  stage s = h.at_home();
  s.environment["SSH_AUTH_SOCK"] = h.directory / "forwarded";
  // The key in the file signs without it: this listener never answers, and would hold ssh-keygen up.
  asked a = ask(approving(text_answer()), approve_yes, s);
  TEST_ASSERT_TRUE_MESSAGE(a.result.code == 0, a.result.err);
  (void)shell("rm " + h.key);
  a = ask(approving(text_answer()), approve_yes, s);
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "forwarded over ssh"), a.result.err);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "help: grantctl approve r-7k2m --forwarded-agent\n"),
                           a.result.err);
  TEST_ASSERT_TRUE(nothing_was_sent(a));
  auto args = approve_yes;
  args.insert(args.end(), {"--key", h.key + ".pub"});
  a = ask(approving(text_answer()), args, s);
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_TRUE(nothing_was_sent(a));
}

TEST(a_key_that_does_not_sign_sends_nothing) {
  home h;
  (void)shell("printf 'broken\\n' > " + (h.directory / "x") + "; head -2 " + h.key + " > " + h.key +
              ".half; mv " + h.key + ".half " + h.key + "; chmod 600 " + h.key);
  asked a = ask(approving(text_answer()), approve_yes, h.at_home());
  TEST_ASSERT_EQUAL_INT(1, a.result.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "ssh-keygen made no signature"), a.result.err);
  TEST_ASSERT_TRUE(nothing_was_sent(a));
}

TEST(a_hostile_text_is_neither_shown_raw_nor_signed) {
  home h;
  asked a = ask(approving(text_answer(approval_text + "\033[2J\n")), approve_yes, h.at_home());
  TEST_ASSERT_EQUAL_INT(3, a.result.code);
  TEST_ASSERT_TRUE(nothing_was_sent(a));
  TEST_ASSERT_FALSE(contains(a.result.err, "\033"));
  // A mark that turns the direction of text is printable: shown escaped, signed as it is.
  std::string turned = approval_text + "reason: \u202ex\n";
  a = ask(approving(text_answer(turned)), approve_yes, h.at_home());
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
  TEST_ASSERT_TRUE(contains(a.result.err, "\\u202e"));
  TEST_ASSERT_TRUE(
      grantd::proof::verify_sshsig(armour_in(a.messages.back()), "approve@grantd", turned).has_value());
}

TEST(who_cannot_approve_is_told_before_anything_is_asked_or_signed) {
  home h;
  const std::string text = text_answer();
  const size_t end = text.rfind("\"signed\"");
  const std::string own = text.substr(0, end) +
                          R"("not_yours":"nobody approves their own request: r-7k2m is alice's",)" +
                          text.substr(end);
  asked a = ask(approving(own), {"approve", "r-7k2m"}, h.at_home());  // no terminal, and no --yes
  TEST_ASSERT_EQUAL_INT(4, a.result.code);
  TEST_ASSERT_TRUE_MESSAGE(contains(a.result.err, "nobody approves their own request"), a.result.err);
  TEST_ASSERT_TRUE(nothing_was_sent(a));
  // Whose key it is that --key names is for grantd to say.
  a = ask(approving(own), {"approve", "r-7k2m", "--yes", "--key", h.key}, h.at_home());
  TEST_ASSERT_EQUAL_INT(0, a.result.code);
}

TEST(not_an_approver_is_not_allowed) {
  home h;
  asked a =
      ask(by_method({{"ApprovalText", text_answer()}, {"Approve", error("NotApprover", "you are none")}}),
          approve_yes, h.at_home());
  TEST_ASSERT_EQUAL_INT(4, a.result.code);
}
