// httplib_overloads.cpp: what can be called on httplib::Client can be called on httplib_client, and sends the same.
#define ARTHUR_IMPLEMENTATION
#define ARTHUR_WITH_JSON
#include <arthur/testing.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "support/httplib.hpp"

#include <arthur/instrument/httplib.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

template <class Enable, class Client, class... Arguments>
struct can_post_these : std::false_type {};
template <class Client, class... Arguments>
struct can_post_these<std::void_t<decltype(std::declval<Client&>().Post(std::declval<Arguments>()...))>, Client, Arguments...> : std::true_type {};
template <class Client, class... Arguments>
constexpr bool can_post = can_post_these<void, Client, Arguments...>::value;

using form = arthur::detail::httplib_hook::form;
using provided_form = arthur::detail::httplib_hook::provided_form;
using text = const std::string&;
using literal = const char (&)[17];
using bytes = const char*;
using headers = const httplib::Headers&;
using parameters = const httplib::Params&;
struct provider {
  bool operator()(std::size_t, std::size_t, httplib::DataSink&) const;
};
struct endless_provider {
  bool operator()(std::size_t, httplib::DataSink&) const;
};
struct receiver {
  bool operator()(const char*, std::size_t) const;
};
struct progress {
  bool operator()(std::uint64_t, std::uint64_t) const;
};
using nothing = std::nullptr_t;
struct receiver_of_all {
  bool operator()(const char* more, std::size_t size) const { return to->append(more, size), true; }
  std::string* to;
};

/// Both clients take such arguments, or none of them does. The version decides which.
template <class... Arguments>
constexpr bool same = can_post<arthur::httplib_client, Arguments...> == can_post<httplib::Client, Arguments...>;
/// The same with what may stand behind.
template <class... Arguments>
constexpr bool same_and_more = same<Arguments...> && same<Arguments..., progress> && same<Arguments..., receiver> && same<Arguments..., nothing> &&
                               same<Arguments..., receiver, progress> && same<Arguments..., receiver, nothing> && same<Arguments..., nothing, nothing> &&
                               same<Arguments..., httplib::ContentReceiver> && same<Arguments..., progress, progress>;
/// The same for each kind of text as path and content type.
template <class... Between>
constexpr bool same_between = same_and_more<text, Between..., text> && same_and_more<literal, Between..., literal> &&
                              same_and_more<std::string, Between..., bytes> && same_and_more<bytes, Between..., std::string>;

static_assert(same_and_more<text> && same_and_more<literal> && same_and_more<text, headers>);
static_assert(same_between<text> && same_between<literal> && same_between<std::string> && same_between<bytes, std::size_t> && same_between<bytes, int>);
static_assert(same_between<headers, text> && same_between<headers, literal> && same_between<httplib::Headers, std::string>);
static_assert(same_between<headers, bytes, std::size_t> && same_between<headers, bytes, int>);
static_assert(same_between<std::size_t, provider> && same_between<headers, std::size_t, provider> && same_between<int, httplib::ContentProvider>);
static_assert(same_between<endless_provider> && same_between<headers, endless_provider> && same_between<httplib::ContentProviderWithoutLength>);
static_assert(same_and_more<text, parameters> && same_and_more<literal, httplib::Params> && same_and_more<text, headers, parameters>);
static_assert(same_and_more<text, const form&> && same_and_more<literal, form> && same_and_more<text, headers, const form&>);
static_assert(same_between<headers, const form&> && same_and_more<text, headers, const form&, const provided_form&>);
static_assert(same_and_more<literal, headers, form&, provided_form>);
static_assert(can_post<arthur::httplib_client, text, headers, text, text> && can_post<arthur::httplib_client, text, headers, const form&, provided_form>);
static_assert(std::is_same_v<decltype(std::declval<arthur::httplib_client&>().Post("/")), httplib::Result>);
static_assert(!std::is_copy_constructible_v<arthur::httplib_client> && std::is_move_constructible_v<arthur::httplib_client>);

const std::string question = R"({"model":"m-1","messages":[{"role":"user","content":"Hi"}]})";
const std::string path = "/v1/chat/completions";
const std::string json = "application/json";

bool read_question(std::size_t at, std::size_t size, httplib::DataSink& to) {
  to.write(question.data() + at, size);
  return true;
}
bool read_part(std::size_t at, httplib::DataSink& to) {
  if (at == 0) to.write("part", 4);
  to.done();
  return true;
}

/// Keeps each request as it came: the first line, the headers, the parts of the body.
class keeping_server {
 public:
  keeping_server() {
    server_.Post(".*", [this](const httplib::Request& q, httplib::Response& a, const httplib::ContentReader& body) { keep(q, a, body); });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~keeping_server() {
    server_.stop();
    thread_.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// The requests since the last call.
  std::vector<std::string> take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(kept_, {});
  }

 private:
  void keep(const httplib::Request& q, httplib::Response& a, const httplib::ContentReader& body) {
    std::string all = q.method + " " + q.target + "\n";
    for (const auto& line : q.headers) {
      if (line.first == "REMOTE_PORT" || line.first == "LOCAL_PORT") continue;
      // The name of the boundary is drawn by lot.
      all += line.first + ": " + line.second.substr(0, line.second.find("-data-")) + "\n";
    }
    const auto add = [&](const char* more, std::size_t size) { return all.append(more, size), true; };
    if (q.is_multipart_form_data()) {
      body([&](const auto& part) { return all += "part " + part.name + " " + part.filename + " " + part.content_type + "\n", true; }, add);
    } else {
      body(add);
    }
    a.set_content("{}", "application/json");
    const std::lock_guard<std::mutex> lock(mutex_);
    kept_.push_back(std::move(all));
  }

  httplib::Server server_;
  std::thread thread_;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<std::string> kept_;
};

/// Calls as people write them, with braces and with what only some versions have. How many of them have the body of a model's call.
template <class Client>
std::size_t post_everything(Client& client) {
  const httplib::Headers head = {{"X-One", "1"}};
  const form parts = {{"name", "content", "file.txt", "text/plain"}};
  const provided_form provided = {{"stream", read_part, "part.txt", "text/plain"}};
  std::string received;
  const receiver_of_all all{&received};
  const auto more = [](std::uint64_t, std::uint64_t) { return true; };
  std::size_t modelled = 0;
  const auto sent = [](const httplib::Result& result) { CHECK_MESSAGE(result, httplib::to_string(result.error())); };

  sent(client.Post(path, parts));
  sent(client.Post(path, {{"name", "content", "", ""}, {"other", "more", "", ""}}));
  sent(client.Post(path, head, parts));
  sent(client.Post(path, head, parts, "fixed"));
  sent(client.Post(path, head, parts, provided));
  sent(client.Post(path, {}, {}, provided));
  sent(client.Post(path, {}, parts, {{"stream", read_part, "part.txt", "text/plain"}}));
  sent(client.Post(path, question.size(), read_question, json));
  sent(client.Post(path, {{"X-One", "2"}}, question.size(), read_question, json));
  sent(client.Post(path, {{"X-One", "3"}}, question, json)), ++modelled;
  sent(client.Post("/v1/chat/completions", R"({"model":"m-1","messages":[]})", "application/json")), ++modelled;
  if constexpr (can_post<Client, text, text, text, decltype(more)>) {
    sent(client.Post(path, question, json, more)), ++modelled;
    sent(client.Post(path, question, json, nullptr)), ++modelled;
    sent(client.Post(path, head, question, json, more)), ++modelled;
    CHECK_FALSE(client.Post(path, question, json, [](std::uint64_t, std::uint64_t) { return false; }));
    ++modelled;
  }
  if constexpr (can_post<Client, text, bytes, std::size_t, text, decltype(more)>) {
    sent(client.Post(path, question.data(), question.size(), json, more)), ++modelled;
    sent(client.Post(path, question.data(), question.size(), json, nullptr)), ++modelled;
  }
  if constexpr (can_post<Client, text, headers, text, text, decltype(all)>) {
    sent(client.Post(path, head, question, json, all)), ++modelled;
    sent(client.Post(path, head, question, json, all, more)), ++modelled;
    CHECK(received == "{}{}");
  }
  if constexpr (can_post<Client, text, std::size_t, bool (&)(std::size_t, std::size_t, httplib::DataSink&), text, decltype(all)>) {
    sent(client.Post(path, question.size(), read_question, json, all));
    sent(client.Post(path, head, question.size(), read_question, json, all));
  }
  if constexpr (can_post<Client, text, headers, const form&, const provided_form&, decltype(more)>) sent(client.Post(path, head, parts, provided, more));
  return modelled;
}

}  // namespace

TEST_CASE("forms, providers, receivers and progress functions are sent as by httplib::Client, and calls to models are spans") {
  keeping_server server;
  httplib::Client plain(server.url());
  const std::size_t modelled = post_everything(plain);
  const auto expected = server.take();
  arthur::testing::capture spans;
  arthur::httplib_client client(server.url());
  CHECK(post_everything(client) == modelled);
  const auto now = server.take();
  REQUIRE(now.size() == expected.size());
  for (std::size_t n = 0; n < now.size(); ++n) CHECK(now[n] == expected[n]);
  const auto all = spans.take();
  CHECK(all.size() == modelled);
  for (const auto& s : all) CHECK(s.kind == "LLM");
}

TEST_CASE("a body from a provider isn't known when it is sent: no span, as the header says") {
  keeping_server server;
  arthur::testing::capture spans;
  arthur::httplib_client client(server.url());
  CHECK(client.Post(path, question.size(), read_question, json));
  CHECK(spans.take().empty());
}
