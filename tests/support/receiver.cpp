// receiver.cpp: the program that examples send to: takes traces like Arthur Engine and prints each as a tree.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <string>

#include "engine.hpp"
#include "model.hpp"
#include "tree.hpp"

namespace {

using clock_type = std::chrono::steady_clock;
constexpr auto quiet = std::chrono::milliseconds(300);
constexpr auto glance = std::chrono::milliseconds(100);

volatile std::sig_atomic_t told_to_stop = 0;

const char usage[] =
    "usage: receiver [options]\n"
    "Listens on the loopback interface as a stand-in for Arthur Engine; the first line printed is its URL.\n"
    "  --port N          listen there (default 0: any free port)\n"
    "  --file FILE       write the port number to FILE once it can be connected to\n"
    "  --model-file FILE also be an OpenAI-compatible model, and write its port number to FILE\n"
    "  --json-too        take OTLP/JSON besides protobuf\n"
    "  --expect-spans N  end after N different spans\n"
    "  --traces N        end after N complete traces\n"
    "  --log FILE        at the end, write the ids of all different spans, one per line\n"
    "  --quiet           print no trees\n"
    "It also ends on SIGTERM and SIGINT.\n";

struct arguments {
  support::engine_options engine;
  std::string port_file;
  std::string model_file;
  std::string log_file;
  std::size_t expect_spans = 0;
  std::size_t expect_traces = 0;
  bool print = true;
};

bool number(const char* text, std::size_t& into) {
  char* end = nullptr;
  into = std::strtoul(text, &end, 10);
  return *text != '\0' && *text != '-' && *end == '\0';
}

bool parse(int argc, char** argv, arguments& a) {
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--json-too") {
      a.engine.accept = support::encodings::both;
      continue;
    }
    if (option == "--quiet") {
      a.print = false;
      continue;
    }
    if (i + 1 == argc) return false;
    const char* given = argv[++i];
    std::size_t port = 0;
    if (option == "--port" && number(given, port) && port < 65536) a.engine.port = static_cast<int>(port);
    else if (option == "--file") a.port_file = given;
    else if (option == "--model-file") a.model_file = given;
    else if (option == "--log") a.log_file = given;
    else if (option == "--expect-spans" && number(given, a.expect_spans)) continue;
    else if (option == "--traces" && number(given, a.expect_traces)) continue;
    else return false;
  }
  return true;
}

/// Spans that came and are not printed yet, by trace.
class traces {
public:
  explicit traces(bool print) : print_(print) {}

  void add(const std::vector<support::stored_span>& rows) {
    for (const support::stored_span& row : rows) {
      pending& p = pending_[row.span.trace_id];
      p.spans.push_back(row.span);
      p.last = clock_type::now();
    }
  }

  /// Prints the traces that are whole and have been quiet for a while; all of them at the end.
  void print_due(bool at_end) {
    for (auto it = pending_.begin(); it != pending_.end();) {
      const bool due = at_end || (whole(it->second) && clock_type::now() - it->second.last >= quiet);
      if (!due) {
        ++it;
        continue;
      }
      if (print_) std::cout << support::render_tree(it->second.spans, support::terminal_columns()) << std::endl;
      seen_.insert(it->first);
      it = pending_.erase(it);
    }
  }

  std::size_t finished() const { return seen_.size(); }

  std::size_t count() const {
    std::size_t n = seen_.size();
    for (const auto& p : pending_) n += seen_.count(p.first) == 0 ? 1U : 0U;
    return n;
  }

private:
  struct pending {
    std::vector<support::span> spans;
    clock_type::time_point last;
  };

  static bool whole(const pending& p) {
    std::set<std::string> ids;
    bool root = false;
    for (const support::span& s : p.spans) {
      ids.insert(s.span_id);
      root = root || s.is_root();
    }
    for (const support::span& s : p.spans) {
      if (!s.is_root() && ids.count(s.parent_span_id) == 0) return false;
    }
    return root;
  }

  bool print_;
  std::map<std::string, pending> pending_;
  std::set<std::string> seen_;
};

std::string counted(std::size_t n, const char* noun) { return std::to_string(n) + " " + noun + (n == 1 ? "" : "s"); }

std::string summary(const support::engine& engine, std::size_t trace_count) {
  std::size_t refused = 0;
  std::size_t rejected = 0;
  std::map<std::string, std::size_t> types;
  for (const support::request_record& r : engine.exports()) {
    if (r.stored > 0) ++types[r.content_type.empty() ? "no content type" : r.content_type];
    if (r.status != 200 && r.status != 206 && r.spans > 0) ++refused;
    rejected += r.rejected;
  }
  std::string text =
      "received " + counted(engine.distinct_span_ids().size(), "span") + " in " + counted(trace_count, "trace");
  for (const auto& type : types) text += ", " + counted(type.second, "request") + " of " + type.first;
  const std::size_t repeated = engine.repeated_span_ids().size();
  if (repeated > 0) text += ", " + counted(repeated, "span") + " stored more than once";
  if (rejected > 0) text += ", " + counted(rejected, "span") + " rejected";
  if (refused > 0) text += ", " + counted(refused, "request") + " refused";
  return text;
}

bool write_port(const std::string& file, int port) {
  const std::string draft = file + ".new";
  if (!(std::ofstream(draft) << port << '\n')) return false;
  return std::rename(draft.c_str(), file.c_str()) == 0;  // a reader sees nothing or the number
}

}  // namespace

int main(int argc, char** argv) {
  arguments a;
  if (!parse(argc, argv, a)) {
    std::cerr << usage;
    return 2;
  }
  a.engine.keep_bodies = false;
  std::signal(SIGTERM, [](int) { told_to_stop = 1; });
  std::signal(SIGINT, [](int) { told_to_stop = 1; });

  support::engine engine(a.engine);
  std::cout << engine.url() << std::endl;
  const support::model model;
  if (!a.model_file.empty() && !write_port(a.model_file, model.port())) {
    std::cerr << "can't write " << a.model_file << '\n';
    return 1;
  }
  if (!a.port_file.empty() && !write_port(a.port_file, engine.port())) {
    std::cerr << "can't write " << a.port_file << '\n';
    return 1;
  }

  traces received(a.print);
  std::size_t rows = 0;
  bool enough = false;
  while (told_to_stop == 0 && !enough) {
    engine.wait_for([&] { return engine.row_count() > rows; }, glance);
    rows = engine.row_count();
    received.add(engine.take_spans());
    received.print_due(false);
    enough = (a.expect_spans > 0 && rows >= a.expect_spans && engine.distinct_span_ids().size() >= a.expect_spans) ||
             (a.expect_traces > 0 && received.finished() >= a.expect_traces);
  }
  engine.stop();
  received.add(engine.take_spans());
  received.print_due(true);
  std::cout << summary(engine, received.count()) << std::endl;

  if (!a.log_file.empty()) {
    std::ofstream log(a.log_file);
    for (const std::string& id : engine.distinct_span_ids()) log << id << '\n';
    if (!log.flush()) {
      std::cerr << "can't write " << a.log_file << '\n';
      return 1;
    }
  }
  return 0;
}
