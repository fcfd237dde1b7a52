// spool_put_take.cpp: what one process does with a spool: keep, take, end, expire; and what it leaves alone.
#include <doctest/doctest.h>

#include <cstring>
#include <string>

#include <sys/file.h>

#include "../support/otlp_decode.hpp"
#include "spool_support.hpp"

using namespace spool_test;

namespace {

list take_all(spool& s, std::uint64_t doubt_before = 0) {
  list all;
  spool_claim claim;
  while (s.take(claim, doubt_before)) {
    for (const std::string& name : names_of(claim.content())) all.push_back(name);
    claim.delivered();
  }
  return all;
}

unsigned mode_of(const std::string& path) {
  struct stat about {};
  REQUIRE(::lstat(path.c_str(), &about) == 0);
  return about.st_mode & 07777U;
}
std::uint64_t sent_time(const std::string& path) {
  struct stat about {};
  REQUIRE(::lstat(path.c_str(), &about) == 0);
  return changed_at(about);
}

}  // namespace

TEST_CASE("the directory is made for this user alone, and so are the files") {
  const place where;
  spool s(where.settings(), test_clock);
  must_open(s);
  CHECK(mode_of(where.path) == 0700);
  must_put(s, {"a"});
  CHECK(mode_of(where.only()) == 0600);
  CHECK(s.note() == "");
}

TEST_CASE("a kept batch is one file, an OTLP request that any protobuf reader reads") {
  const place where;
  spool s(where.settings(), test_clock);
  must_open(s);
  must_put(s, {"first", "second"});
  const std::string bytes = content(where.only());
  const auto decoded = support::decode_protobuf(bytes);
  REQUIRE(decoded);
  CHECK(decoded->span_count() == 2);
  CHECK(where.names().at(0).substr(0, 23) == "arthur-20251121T183005.");
  CHECK(s.bytes() == bytes.size());
  CHECK(s.waiting() == 1);
}

TEST_CASE("files come out oldest first, each once, and are gone when they are delivered") {
  const place where;
  spool s(where.settings(), test_clock);
  must_open(s);
  for (const char* name : {"1", "2", "3", "4"}) must_put(s, {name});
  CHECK(take_all(s) == list{"1", "2", "3", "4"});
  CHECK(where.names().empty());
  CHECK(s.bytes() == 0);
  CHECK(s.waiting() == 0);
}

TEST_CASE("the next start finds what the last one left") {
  const place where;
  {
    spool s(where.settings(), test_clock);
    must_open(s);
    must_put(s, {"1"});
    must_put(s, {"2"});
  }
  spool s(where.settings(), test_clock);
  must_open(s);
  CHECK(s.waiting() == 2);
  CHECK(s.bytes() > 0);
  CHECK(take_all(s) == list{"1", "2"});
}

TEST_CASE("a claimed file says so in its name, and is pending again when it is given back") {
  const place where;
  spool s(where.settings(), test_clock);
  must_open(s);
  must_put(s, {"1"});
  must_put(s, {"2"});
  spool_claim claim;
  REQUIRE(s.take(claim, 0));
  CHECK(claim.held());
  CHECK(!claim.in_doubt());
  CHECK(where.states() == list{".sending", ""});
  spool_claim second_claim;
  CHECK(!s.take(second_claim, never));  // one at a time
  CHECK(s.waiting() == 1);
  claim.release();
  CHECK(!claim.held());
  CHECK(where.states() == list{"", ""});
  CHECK(s.waiting() == 2);
  CHECK(take_all(s) == list{"1", "2"});  // in its old place
}

TEST_CASE("a file in doubt keeps the time of its last sending, and isn't taken before the doubt has aged") {
  const place where;
  spool s(where.settings(), test_clock);
  must_open(s);
  must_put(s, {"1"});
  const std::uint64_t sent = now() + 5 * second + 123456789;
  {
    spool_claim claim;
    REQUIRE(s.take(claim, 0));
    REQUIRE(claim.mark_sent(sent));
    CHECK(claim.sent_at() == sent);
    now() = sent;
  }  // no ending: in doubt
  CHECK(where.states() == list{".sending"});
  CHECK(sent_time(where.only()) == sent);
  CHECK(s.next_doubt() == sent);
  spool_claim claim;
  CHECK(!s.take(claim, sent - 1));
  REQUIRE(s.take(claim, sent));
  CHECK(claim.in_doubt());
  CHECK(claim.sent_at() == sent);
  claim.release();  // it turned out that nothing was stored
  CHECK(where.states() == list{""});
  CHECK(s.next_doubt() == never);
}

TEST_CASE("a batch from memory that had no answer is in doubt from the start") {
  const place where;
  spool s(where.settings(), test_clock);
  must_open(s);
  const std::uint64_t sent = now() - 3 * second;
  must_put(s, {"1"}, sent);
  CHECK(where.states() == list{".sending"});
  CHECK(sent_time(where.only()) == sent);
  CHECK(s.next_doubt() == sent);
  spool other(where.settings(), test_clock);  // another process sees the same
  must_open(other);
  CHECK(other.next_doubt() == sent);
  spool_claim claim;
  CHECK(!other.take(claim, sent - 1));
  CHECK(other.take(claim, sent));
}

TEST_CASE("after the clock was set back a doubt ages anew, and isn't forgotten") {
  const place where;
  spool s(where.settings(), test_clock);
  must_open(s);
  must_put(s, {"1"}, now() + hour);
  spool_claim claim;
  CHECK(!s.take(claim, now() - 120 * second));
  const std::uint64_t first_seen = s.next_doubt();
  CHECK(first_seen <= now());
  CHECK(!s.take(claim, first_seen - 1));
  CHECK(s.take(claim, first_seen));
}

TEST_CASE("what nobody can tell stays for people and is never taken") {
  const place where;
  spool s(where.settings(), test_clock);
  must_open(s);
  for (const char* name : {"1", "2", "3"}) must_put(s, {name});
  spool_claim claim;
  REQUIRE(s.take(claim, 0));
  claim.unconfirmed();
  REQUIRE(s.take(claim, 0));
  claim.corrupt("the endpoint can't read it");
  CHECK(where.states() == list{".unconfirmed", ".corrupt", ""});
  CHECK(s.note().find("is set aside as .corrupt: the endpoint can't read it") != std::string_view::npos);
  CHECK(take_all(s, never) == list{"3"});
  const std::uint64_t left = s.bytes();
  CHECK(left > 0);  // they count
  spool next(where.settings(), test_clock);
  must_open(next);
  CHECK(take_all(next, never).empty());
  CHECK(next.bytes() == left);
}

TEST_CASE("a file can be cut to the spans that have no answer yet, and stays claimed meanwhile") {
  const place where;
  spool s(where.settings(), test_clock);
  must_open(s);
  must_put(s, {"1", "2", "3", "4"});
  const std::uint64_t all = s.bytes();
  spool_claim claim;
  REQUIRE(s.take(claim, 0));
  const std::uint64_t sent = now() + second;
  REQUIRE(claim.mark_sent(sent));
  REQUIRE(claim.keep(request({"3", "4"})));
  CHECK(names_of(claim.content()) == list{"3", "4"});
  CHECK(where.states() == list{".sending"});
  CHECK(sent_time(where.only()) == sent);
  CHECK(s.bytes() < all);
  CHECK(s.bytes() == content(where.only()).size());
  {
    now() += 10 * second;
    spool other(where.settings(), test_clock);
    must_open(other);
    spool_claim theirs;
    CHECK(!other.take(theirs, never));
  }
  REQUIRE(claim.keep(request({"4"})));
  claim.release();
  spool next(where.settings(), test_clock);
  must_open(next);
  CHECK(take_all(next) == list{"4"});
}

TEST_CASE("two spools on one directory never have the same file") {
  const place where;
  spool a(where.settings(), test_clock), b(where.settings(), test_clock);
  must_open(a);
  for (const char* name : {"1", "2", "3"}) must_put(a, {name});
  must_open(b);
  spool_claim of_a, of_b;
  REQUIRE(a.take(of_a, never));
  REQUIRE(b.take(of_b, never));
  CHECK(names_of(of_a.content()) == list{"1"});
  CHECK(names_of(of_b.content()) == list{"2"});
  of_b.delivered();
  of_a.delivered();
  CHECK(take_all(b) == list{"3"});
  CHECK(take_all(a) == list{});
  CHECK(a.note() == "");
  CHECK(b.note() == "");
}

namespace {
spool* interfering = nullptr;  // takes the file of the others at the moment when they have opened it
spool_claim* interfering_claim = nullptr;
}  // namespace

TEST_CASE("a file that was replaced between opening and locking isn't taken for the one that was listed") {
  const place where;
  spool a(where.settings(), test_clock);
  must_open(a);
  must_put(a, {"1", "2"});
  file_calls calls = system_calls;
  calls.lock = [](int file, int operation) {
    if (spool* const s = std::exchange(interfering, nullptr)) {
      REQUIRE(s->take(*interfering_claim, 0));
      REQUIRE(interfering_claim->keep(request({"2"})));
      interfering_claim->release();
    }
    return ::flock(file, operation);
  };
  spool b(where.settings(), test_clock, calls);
  must_open(b);
  spool_claim of_a, of_b;
  interfering = &a;
  interfering_claim = &of_a;
  CHECK(!b.take(of_b, never));  // it has the lock of a file that has no name any more
  CHECK(interfering == nullptr);
  CHECK(take_all(a) == list{"2"});
}

TEST_CASE("a full spool refuses the new batch and keeps the old ones") {
  const place where;
  spool s(where.settings(400), test_clock);
  must_open(s);
  must_put(s, {"1"});
  const std::uint64_t one = s.bytes();
  while (s.bytes() + one <= 400) must_put(s, {"x"});
  text_line why;
  CHECK(s.put(request({"new"}), 0, why) == spool::result::full);
  CHECK(why == "the spool " + where.path + " is full: " + std::to_string(s.bytes()) + " of 400 bytes (options.spool_max_bytes)");
  const std::size_t files = where.names().size();
  spool_claim claim;
  REQUIRE(s.take(claim, 0));
  CHECK(names_of(claim.content()) == list{"1"});
  CHECK(s.put(request({"new"}), 0, why) == spool::result::full);  // what is being sent counts until it is gone
  claim.delivered();
  must_put(s, {"new"});
  CHECK(where.names().size() == files);
}

TEST_CASE("a claimed file is counted once, also when the directory is looked at meanwhile") {
  const place where;
  spool s(where.settings(), test_clock);
  must_open(s);
  must_put(s, {"1"});
  must_put(s, {"2"});
  const std::uint64_t both = s.bytes();
  spool_claim claim;
  REQUIRE(s.take(claim, 0));
  now() += 10 * second;
  CHECK(s.expire() == 0);
  CHECK(s.waiting() == 1);
  CHECK(s.bytes() == both);
  claim.delivered();
  CHECK(s.waiting() == 1);
  CHECK(take_all(s, never) == list{"2"});
  must_put(s, {"3"});
  CHECK(s.bytes() == content(where.only()).size());
}

TEST_CASE("other processes' files count") {
  const place where;
  spool a(where.settings(400), test_clock), b(where.settings(400), test_clock);
  must_open(a);
  must_open(b);
  text_line why;
  for (int i = 0; a.put(request({"1"}), 0, why) == spool::result::ok; ++i) REQUIRE(i < 100);
  now() += 2 * second;  // b looks again
  CHECK(b.put(request({"2"}), 0, why) == spool::result::full);
}

TEST_CASE("two processes that both write overshoot the bound by a sixteenth at most") {
  const place where;
  constexpr std::uint64_t bound = 100000;
  spool a(where.settings(bound), test_clock), b(where.settings(bound), test_clock);
  must_open(a);
  must_open(b);
  text_line why;
  const list names(10, "n");
  int refused = 0;
  for (int i = 0; i < 5000; ++i) refused += (i % 2 == 0 ? a : b).put(request(names), 0, why) != spool::result::ok;
  std::uint64_t all = 0;
  for (const std::string& name : where.names()) all += content(where.path + "/" + name).size();
  CHECK(refused > 0);
  CHECK(all > bound * 15 / 16);
  CHECK(all <= bound * 17 / 16 + 1000);
}

TEST_CASE("what is too old is removed, and its spans are counted") {
  const place where;
  spool s(where.settings(1 << 20, hour), test_clock);
  must_open(s);
  must_put(s, {"1", "2"});
  must_put(s, {"3"}, now());
  must_put(s, {"4", "5", "6"});
  spool_claim claim;
  REQUIRE(s.take(claim, 0));
  claim.unconfirmed();  // counted then
  now() += hour - second;
  must_put(s, {"7"});
  CHECK(s.expire() == 0);
  CHECK(where.names().size() == 4);
  now() += 2 * second;
  CHECK(s.expire() == 4);
  CHECK(where.names().size() == 1);
  CHECK(take_all(s, never) == list{"7"});
  CHECK(s.bytes() == 0);
}

TEST_CASE("a file that somebody is sending doesn't expire under him") {
  const place where;
  spool a(where.settings(1 << 20, hour), test_clock), b(where.settings(1 << 20, hour), test_clock);
  must_open(a);
  must_put(a, {"1"});
  spool_claim claim;
  REQUIRE(a.take(claim, 0));
  now() += 2 * hour;
  must_open(b);
  CHECK(b.expire() == 0);
  CHECK(a.expire() == 0);
  CHECK(where.states() == list{".sending"});
  claim.release();
  now() += 10 * second;
  CHECK(b.expire() == 1);
}

TEST_CASE("a corrupt file is set aside with one line, and the others still go") {
  const place where;
  {
    spool s(where.settings(), test_clock);
    must_open(s);
    for (const char* name : {"1", "2", "3"}) must_put(s, {name});
  }
  const list before = where.names();
  std::string bytes = content(where.path + "/" + before[0]);
  where.touch(before[0], bytes.substr(0, bytes.size() / 2));  // torn
  bytes = content(where.path + "/" + before[1]);
  bytes[20] = static_cast<char>(bytes[20] ^ 1);
  where.touch(before[1], bytes);
  spool s(where.settings(), test_clock);
  must_open(s);
  CHECK(take_all(s, never) == list{"3"});
  CHECK(where.names() == list{before[0] + ".corrupt", before[1] + ".corrupt"});
  CHECK(s.note() == "spool " + where.path + ": " + before[0] +
                        " is set aside as .corrupt: its checksum doesn't match: it was cut off or changed (and 1 more of such)");
  CHECK(s.note() == "");
}

TEST_CASE("foreign files are never touched, and named once") {
  const place where;
  {
    spool s(where.settings(), test_clock);
    must_open(s);
    must_put(s, {"1"});
  }
  const std::string ours = where.names().at(0);
  where.touch("notes\n.txt", "mine");
  where.touch(ours + ".bak", "mine");
  where.touch(".hidden", "mine");
  // Under a name of ours, but no file: a link to one, a pipe, a directory.
  std::string linked = ours, pipe = ours, folder = ours;
  linked.replace(7, 4, "2001");
  pipe.replace(7, 4, "2002");
  folder.replace(7, 4, "2003");
  REQUIRE(::symlink((where.path + "/" + ours).c_str(), (where.path + "/" + linked).c_str()) == 0);
  REQUIRE(::mkfifo((where.path + "/" + pipe).c_str(), 0600) == 0);
  REQUIRE(::mkdir((where.path + "/" + folder).c_str(), 0700) == 0);
  const list before = where.names();

  spool s(where.settings(1 << 20, hour), test_clock);
  must_open(s);
  const std::string said = s.note();
  CAPTURE(said);
  CHECK(said.find("the spool " + where.path + " holds what isn't arthur's") == 0);
  CHECK(said.find('\n') == std::string::npos);
  CHECK(s.bytes() == content(where.path + "/" + ours).size());
  now() += 30 * 60 * second;
  CHECK(take_all(s, never) == list{"1"});
  now() += 24 * hour;
  CHECK(s.expire() == 0);
  list after = before;
  after.erase(std::find(after.begin(), after.end(), ours));
  CHECK(where.names() == after);
  CHECK(content(where.path + "/notes\n.txt") == "mine");
  CHECK(s.note() == "");
  ::unlink((where.path + "/.hidden").c_str());
  ::rmdir((where.path + "/" + folder).c_str());
}

TEST_CASE("half-written files of the dead are removed, those of the living aren't") {
  const place where;
  spool s(where.settings(), test_clock);
  must_open(s);
  const std::string dead = "arthur-20251121T183005.000000001Z-9f86d081884c7d65-0000000001.otlp.tmp";
  const std::string alive = "arthur-20251121T183005.000000002Z-9f86d081884c7d65-0000000002.otlp.tmp";
  where.touch(dead, "half");
  where.touch(alive, "half");
  const int file = ::open((where.path + "/" + alive).c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(::flock(file, LOCK_EX) == 0);
  const std::string young = "arthur-20251121T183105.000000000Z-9f86d081884c7d65-0000000003.otlp.tmp";
  where.touch(young, "half");  // of somebody who is about to lock it
  now() += 90 * second;
  CHECK(take_all(s).empty());
  CHECK(where.names() == list{alive, young});
  now() += 90 * second;
  CHECK(take_all(s).empty());
  CHECK(where.names() == list{alive});
  CHECK(s.bytes() == 4);
  ::close(file);
}

TEST_CASE("a directory that others may write is used, with a warning, and what they own there isn't read") {
  const place where;
  REQUIRE(::mkdir(where.path.c_str(), 0700) == 0);
  REQUIRE(::chmod(where.path.c_str(), 0777) == 0);
  {
    spool s(where.settings(), test_clock);
    must_open(s);
    CHECK(s.note() == "other users can remove and rename files in the spool " + where.path + ": give it to this user alone (chown, chmod 700)");
    must_put(s, {"1"});
  }
  REQUIRE(::chmod(where.path.c_str(), 01777) == 0);
  {
    spool s(where.settings(), test_clock);
    must_open(s);
    CHECK(s.note() == "");  // as /tmp: others can't take away what is ours
    CHECK(s.waiting() == 1);
  }
  if (::chown(where.only().c_str(), 12345, static_cast<gid_t>(-1)) != 0) {
    std::printf("SKIP: spool.other_owner: only root may give files away\n");
    return;
  }
  spool s(where.settings(), test_clock);
  must_open(s);
  CHECK(s.note().find("belongs to another user") != std::string_view::npos);
  CHECK(take_all(s, never).empty());
  CHECK(where.states() == list{""});
}

TEST_CASE("a directory that can't be used is refused with one line that says what to do") {
  const place where;
  text_line why;
  {
    spool s({where.root + "/no/such", 1000, never}, test_clock);
    CHECK(!s.open(why));
    CHECK(why == "can't make the spool directory " + where.root +
                     "/no/such: No such file or directory; set options.spool_directory (ARTHUR_SPOOL_DIR) to one where this process may write");
    spool_claim claim;
    CHECK(!s.take(claim, never));
    CHECK(s.expire() == 0);
    CHECK(s.put(request({"1"}), 0, why) == spool::result::failed);
    CHECK(why == "the spool " + where.root + "/no/such isn't open");
  }
  std::ofstream(where.path) << "a file";
  spool s(where.settings(), test_clock);
  CHECK(!s.open(why));
  CHECK(why.find("can't use the spool directory " + where.path + ": Not a directory; set") == 0);
  ::unlink(where.path.c_str());
}

TEST_CASE("files are listed once a second at most, and thousands of them less often") {
  for (const int files : {1, 2000}) {
    CAPTURE(files);
    const place where;
    spool s(where.settings(), test_clock);
    must_open(s);
    for (int i = 0; i < files; ++i) must_put(s, {"n"});
    spool other(where.settings(), test_clock);
    must_open(other);
    const std::uint64_t listed = now();
    // An older one, which somebody put there by hand, comes first as soon as it is seen.
    const std::string first = where.names().at(0);
    std::string older = first;
    older.replace(7, 4, "2001");
    where.touch(older, content(where.path + "/" + first));
    const std::uint64_t pause = second + static_cast<std::uint64_t>(files) * second / 1000;
    spool_claim claim;
    now() = listed + pause - second / 2;
    REQUIRE(other.take(claim, 0));
    CHECK(where.names().at(0) == older);
    claim.release();
    now() = listed + pause;
    REQUIRE(other.take(claim, 0));
    CHECK(where.names().at(0) == older + ".sending");
  }
}
