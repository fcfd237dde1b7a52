// answer.cpp: bodies and Retry-After headers of any server: read as nlohmann_json and the C library read them, else nothing said.
#include <arthur/policy/answer.hpp>
#include <arthur/policy/retry.hpp>

#include <ctime>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "fuzz.hpp"

using namespace arthur::detail;
using nlohmann::json;

namespace {

// nullptr where the body isn't JSON, or is JSON that a reader by walking may see differently: escapes in it, or a name twice.
json plain_json(const std::string& body) {
  if (body.find_first_of(std::string("\\\0\xef", 3)) != std::string::npos) return nullptr;
  bool twice = false;
  std::vector<std::set<std::string>> names;
  const json parsed = json::parse(
      body,
      [&](int, json::parse_event_t what, json& value) {
        if (what == json::parse_event_t::object_start) names.emplace_back();
        if (what == json::parse_event_t::object_end) names.pop_back();
        if (what == json::parse_event_t::key) twice = twice || !names.back().insert(value.get<std::string>()).second;
        return true;
      },
      false);
  return parsed.is_discarded() || twice || !parsed.is_object() ? json() : parsed;
}

const json& at(const json& object, const char* name) {
  static const json none;
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found == object.end() ? none : *found;
}

std::string text_of(const json& value) { return value.is_string() ? value.get<std::string>().substr(0, text_line::capacity) : ""; }

// 300 bytes at most, with blanks for control characters.
std::string reason_of(const json& value) {
  std::string text = text_of(value).substr(0, 300);
  for (std::size_t n = 0; n < text.size(); ++n) {
    if (static_cast<unsigned char>(text[n]) < 0x20 || text[n] == 0x7f) text[n] = ' ';
    if (text[n] == '\xc2' && n + 1 < text.size() && static_cast<unsigned char>(text[n + 1]) < 0xa0) text[n] = text[n + 1] = ' ';
  }
  return text;
}

void check_reason(std::string_view reason) {
  fuzz::promise(reason.size() <= 300, "a reason is short");
  fuzz::promise_one_line(reason, "a reason is one line");
  for (std::size_t n = 1; n < reason.size(); ++n) {
    const bool c1 = reason[n - 1] == '\xc2' && static_cast<unsigned char>(reason[n]) >= 0x80 && static_cast<unsigned char>(reason[n]) < 0xa0;
    fuzz::promise(!c1, "a reason commands no terminal", reason);
  }
}

void check_rejection(const std::string& body) {
  const rejection got = read_rejection(body, "application/json; charset=utf-8");
  check_reason(got.reason);
  const json report = plain_json(body);
  if (!report.is_object()) return;
  const json& partial = at(report, "partialSuccess");
  const json& count = report.contains("partialSuccess") ? at(partial, "rejectedSpans") : at(report, "rejected_spans");
  if (count.is_number_unsigned()) fuzz::promise(got.spans == count.get<std::uint64_t>(), "the number is the server's", body);
  std::string reason = reason_of(at(partial, "errorMessage"));
  if (!report.contains("partialSuccess")) {
    const json& reasons = at(report, "rejection_reasons");
    reason = reasons.is_array() && !reasons.empty() ? reason_of(reasons[0]) : "";
    if (reason.empty()) reason = reason_of(at(report, "detail"));
  }
  fuzz::promise(reason == std::string(got.reason), "the reason is the server's", body);
}

void check_tasks(const std::string& body, const std::string& name) {
  const task_page got = read_task_page(body, name);
  const json answer = plain_json(body);
  if (!answer.is_object()) return;
  const json& tasks = at(answer, "tasks");
  fuzz::promise(got.tasks == (tasks.is_array() ? tasks.size() : 0), "tasks are counted", body);
  std::string id;
  if (tasks.is_array() && name.size() <= text_line::capacity) {
    for (const json& task : tasks) {
      if (id.empty() && at(task, "is_archived") != true && text_of(at(task, "name")) == name) id = text_of(at(task, "id"));
    }
    fuzz::promise(std::string(got.id) == id, "the task of that name", body);
  }
}

// The three forms of a date, as the C library writes them.
void check_date(std::int64_t now, std::int64_t when) {
  const auto time = static_cast<std::time_t>(when);
  const std::tm* const parts = std::gmtime(&time);
  if (parts == nullptr) return;
  for (const char* form : {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    char text[64];
    if (std::strftime(text, sizeof text, form, parts) == 0) continue;
    const bool two_digits = form[1] == 'A';
    // Two digits stand for a year from 49 years ago to 50 ahead.
    if (two_digits && (when > now + std::int64_t{49} * 31556952 || when < now - std::int64_t{48} * 31556952)) continue;
    std::int64_t got = 0;
    fuzz::promise(http_date::parse(text, now, got) && got == when, "a date is the date", text);
    const std::int64_t wait = parse_retry_after(text, now);
    fuzz::promise(wait == (when <= now ? 0 : when - now < 86400 ? when - now : 86400), "a wait is until then, a day at most", text);
  }
}

}  // namespace

FUZZ_TARGET(answer) {
  fuzz::taker in(data, size);
  const unsigned what = in.below(4);
  // Any time that a 64-bit count of nanoseconds can say, or about now.
  const std::int64_t now = static_cast<std::int64_t>(in.byte() % 2 == 0 ? in.number() / 1000000000 : 1763000000 + in.number() % 100000000);
  if (what == 0) {
    check_rejection(in.rest());
  } else if (what == 1) {
    const std::string name = in.line();
    check_tasks(in.rest(), name);
  } else if (what == 2) {
    const std::string body = in.rest();
    check_reason(read_rejection(body, "application/x-protobuf").reason);
    // What another writer quotes is read back, but for what is longer than a line.
    const std::string quoted = json(body).dump(-1, ' ', false, json::error_handler_t::ignore);
    const std::string text = json::parse(quoted).get<std::string>();
    fuzz::promise(std::string(json_view(quoted).text()) == text.substr(0, text_line::capacity), "a quoted text reads back", body);
  } else {
    const std::int64_t when = static_cast<std::int64_t>(in.number() % 17179869184U);
    if (when < std::int64_t{253402300800} && now < std::int64_t{253402300800}) check_date(now, when);
    const std::string value = in.rest();
    const std::int64_t wait = parse_retry_after(value, now);
    fuzz::promise(wait >= -1 && wait <= 86400, "a wait is a day at most", value);
    if (!value.empty() && value.size() < 6 && value.find_first_not_of("0123456789") == std::string::npos) {
      fuzz::promise(wait == (std::min)(std::stoll(value), 86400LL), "seconds are seconds", value);
    }
  }
}
