// SPDX-License-Identifier: Apache-2.0
// The watch: every way a table can change is noticed, with inotify and without.
#include "table/watch.h"

#include <poll.h>
#include <sys/resource.h>

#include "fixture.h"

using namespace grantd;
using namespace grantd::test;

namespace {

// Is there an event within ten seconds, and does it tell of a change?
bool wakes(table::directory_watch& watch) {
  pollfd p{watch.fd(), POLLIN, 0};
  return poll(&p, 1, 10000) == 1 && watch.drain();
}

bool is_silent(table::directory_watch& watch) {
  pollfd p{watch.fd(), POLLIN, 0};
  return poll(&p, 1, 0) == 0;
}

struct watched : fixture {
  std::string place = dir / "run";
  table::directory_watch watch;
  watched() {
    std::filesystem::create_directory(place);
    path = place + "/windows";
    publish();
    watch.open(place.c_str());
    TEST_ASSERT_TRUE(watch.fd() >= 0);
    TEST_ASSERT_EQUAL_INT(table::watch_recheck_ms, watch.timeout_ms());
    TEST_ASSERT_FALSE(watch.drain());
  }
};

}  // namespace

TEST(publication_wakes_the_watcher_once) {
  watched t;
  t.publish();
  TEST_ASSERT_TRUE(wakes(t.watch));
  TEST_ASSERT_TRUE(is_silent(t.watch));
  TEST_ASSERT_FALSE(t.watch.drain());
}

TEST(removed_table_wakes_the_watcher) {
  watched t;
  unlink(t.path.c_str());
  TEST_ASSERT_TRUE(wakes(t.watch));
}

TEST(table_made_bad_by_its_mode_wakes_the_watcher) {
  watched t;
  chmod(t.path.c_str(), 0666);
  TEST_ASSERT_TRUE(wakes(t.watch));
}

TEST(table_written_in_place_wakes_the_watcher) {
  watched t;
  write_file(t.path, {});
  TEST_ASSERT_TRUE(wakes(t.watch));
}

TEST(unfinished_file_of_the_publisher_tells_of_nothing) {
  watched t;
  write_file(t.path + ".new", {});
  unlink((t.path + ".new").c_str());
  pollfd p{t.watch.fd(), POLLIN, 0};
  TEST_ASSERT_EQUAL_INT(1, poll(&p, 1, 10000));
  TEST_ASSERT_FALSE(t.watch.drain());
}

TEST(directory_replaced_by_another_is_noticed_and_followed) {
  watched t;
  std::filesystem::rename(t.place, t.dir / "old");
  std::filesystem::create_directory(t.place);
  TEST_ASSERT_TRUE(wakes(t.watch));
  TEST_ASSERT_EQUAL_INT(table::watch_recheck_ms, t.watch.timeout_ms());
  while (t.watch.drain()) {
  }
  t.publish();
  TEST_ASSERT_TRUE(wakes(t.watch));
}

TEST(directory_replaced_without_an_event_is_noticed_at_the_next_look) {
  // The watch's own directory is unchanged; the name leads elsewhere: what a mount over it does.
  watched t;
  const std::string link = t.dir / "link";
  std::filesystem::create_directory(t.dir / "other");
  TEST_ASSERT_EQUAL_INT(0, symlink(t.place.c_str(), link.c_str()));
  table::directory_watch watch;
  watch.open(link.c_str());
  TEST_ASSERT_FALSE(watch.drain());
  unlink(link.c_str());
  TEST_ASSERT_EQUAL_INT(0, symlink((t.dir / "other").c_str(), link.c_str()));
  TEST_ASSERT_TRUE(is_silent(watch));
  TEST_ASSERT_TRUE(watch.drain());
}

TEST(directory_removed_is_polled_for_until_it_is_back) {
  watched t;
  std::filesystem::remove_all(t.place);
  TEST_ASSERT_TRUE(wakes(t.watch));
  TEST_ASSERT_EQUAL_INT(table::watch_poll_ms, t.watch.timeout_ms());
  TEST_ASSERT_TRUE(t.watch.drain());  // nothing is watched: always "changed"
  std::filesystem::create_directory(t.place);
  TEST_ASSERT_TRUE(t.watch.drain());
  TEST_ASSERT_EQUAL_INT(table::watch_recheck_ms, t.watch.timeout_ms());
  while (t.watch.drain()) {
  }
  t.publish();
  TEST_ASSERT_TRUE(wakes(t.watch));
}

TEST(overflow_of_the_queue_is_a_change) {
  watched t;
  // Only events that tell of nothing, but more than the queue holds: the kernel says "overflow" at its end.
  int limit = 16384;
  if (FILE* f = fopen("/proc/sys/fs/inotify/max_queued_events", "r"); f != nullptr) {
    if (fscanf(f, "%d", &limit) != 1) limit = 16384;
    fclose(f);
  }
  if (limit > 200000) TEST_IGNORE_MESSAGE("the queue of events is too long to fill");
  const std::string one = t.place + "/a.new", two = t.place + "/b.new";
  write_file(one, {});
  for (int i = 0; i < limit; ++i) {  // two events each, and no two alike in a row
    const bool odd = i % 2 != 0;
    TEST_ASSERT_EQUAL_INT(0, rename((odd ? two : one).c_str(), (odd ? one : two).c_str()));
  }
  bool last = false;
  for (int i = 0; i < 1000 && !is_silent(t.watch); ++i) last = t.watch.drain();
  TEST_ASSERT_TRUE(last);  // the overflow stands last
}

TEST(without_inotify_it_polls_and_finds_it_again) {
  fixture t;
  std::vector<base::unique_fd> taken;
  for (int fd; (fd = dup(0)) >= 0 && taken.size() < 100000;) taken.emplace_back(fd);
  TEST_ASSERT_EQUAL_INT(EMFILE, errno);
  table::directory_watch watch;
  watch.open(t.dir.path().c_str());
  const int fd = watch.fd(), timeout = watch.timeout_ms();
  const bool changed = watch.drain() && watch.drain();
  taken.clear();
  TEST_ASSERT_EQUAL_INT(-1, fd);
  TEST_ASSERT_EQUAL_INT(table::watch_poll_ms, timeout);
  TEST_ASSERT_TRUE(changed);
  TEST_ASSERT_TRUE(watch.drain());  // with descriptors to be had it watches again
  TEST_ASSERT_TRUE(watch.fd() >= 0);
  TEST_ASSERT_EQUAL_INT(table::watch_recheck_ms, watch.timeout_ms());
  TEST_ASSERT_FALSE(watch.drain());
}
