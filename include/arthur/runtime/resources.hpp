// resources.hpp: the encoded resource of each group: the process's own, and those that contexts asked for.
#ifndef ARTHUR_RUNTIME_RESOURCES_HPP
#define ARTHUR_RUNTIME_RESOURCES_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "../config.hpp"
#include "../otlp/attribute_view.hpp"
#include "../otlp/buffer.hpp"
#include "../otlp/cleaning.hpp"
#include "../otlp/envelope.hpp"
#include "../policy/settings.hpp"
#include "../record/recorder.hpp"
#include "../text_line.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Group 0 is the process's own resource. A context's task_id() replaces arthur.task; its service_name() replaces
/// service.name and, without a task_id() beside it, removes arthur.task: the engine would route by the task otherwise.
class resources {
 public:
  explicit resources(const settings& s) : settings_(s) {
    places_.reserve(interned_texts::capacity);
    views_.reserve(interned_texts::capacity);
  }

  /// Takes the memory that it will ever have, where none may be taken later. False: there is none.
  bool fix() noexcept {
    std::size_t own = 1024;
    for (const header& h : settings_.resource) own += h.name.size() + h.value.size() + 32;
    return encoded_.fix(4 * own) && clean_.fix(2 * own);
  }

  void task_found(std::string_view id) {
    found_ = text_line(id);
    forget();
  }
  /// The look-up is over without an id: the name is no help to anybody.
  void no_task() {
    looked_up_ = true;
    forget();
  }
  /// Resources of a spooled file that was written before its task was found get the task, if it is this process's.
  void complete(std::vector<resource_view>& views) {
    completed_.clear();
    std::size_t most = 0;
    for (const resource_view& v : views) most += v.size + 64 + found_.size();
    // Room for all of it, so that no view moves.
    if (found_.empty() || completed_.reserve_more(most) == nullptr) return completed_.forgive();
    for (resource_view& v : views) complete(v);
  }

  /// Before the groups of a request: those of former ones are forgotten if they took all the memory.
  void begin_request() noexcept {
    if (full_) forget();
  }
  /// Makes sure that the group is encoded; returns its number, or one beyond count() if there is no memory.
  std::uint32_t known(std::uint32_t group) {
    if (views_.size() <= group) {
      places_.resize(group + 1);
      views_.resize(group + 1);
    }
    if (views_[group].size == 0 && !encode(group)) {
      full_ = true;
      return ~std::uint32_t{0};
    }
    return group;
  }

  const resource_view* views() const noexcept { return views_.data(); }
  std::size_t count() const noexcept { return views_.size(); }

 private:
  void forget() noexcept {
    encoded_.clear();
    views_.clear();
    full_ = false;
  }

  bool encode(std::uint32_t group) {
    std::string_view task = found_.empty() ? std::string_view(settings_.task_id) : found_;
    std::string_view service = settings_.service_name;
    const char* data = nullptr;
    std::size_t size = 0;
    if (group != 0 && the_recorder.groups.get(group, data, size)) {
      std::string_view own_task, own_service;
      split_group(data, size, own_task, own_service);
      if (!own_service.empty()) {
        service = own_service;
        task = {};
      }
      if (!own_task.empty()) task = own_task;
    }
    const std::size_t at = encoded_.size();
    for (const header& h : settings_.resource) {
      if (h.name == "arthur.task" || h.name == "service.name") continue;
      put(encoded_, h.name, h.value);
    }
    put(encoded_, "service.name", service);
    if (!task.empty()) put(encoded_, "arthur.task", task);
    else if (may_be_found(group, service)) put(encoded_, task_name_key, settings_.task_name);
    // Names come from the environment, too: one bad byte here would spoil every request.
    clean_.clear();
    clean_counts counts;
    const bool engine = settings_.where.profile == profile::arthur;
    if (!encoded_.failed() &&
        clean_resource(clean_, encoded_.data() + at, encoded_.size() - at, engine, counts) == clean_outcome::rewritten) {
      encoded_.truncate(at);
      encoded_.append(clean_.data(), clean_.size());
    }
    if (encoded_.failed()) {
      encoded_.forgive();
      encoded_.truncate(at);
      return false;
    }
    places_[group] = at;
    views_[group].size = encoded_.size() - at;
    // The bytes may have moved.
    for (std::size_t n = 0; n < views_.size(); ++n) views_[n].data = encoded_.data() + places_[n];
    return true;
  }

  // Before the look-up batches may go into the spool: their task is named, for whoever sends them.
  bool may_be_found(std::uint32_t group, std::string_view service) const noexcept {
    return !settings_.spool_directory.empty() && !looked_up_ && !settings_.task_name.empty() && (group == 0 || service == settings_.service_name);
  }
  void complete(resource_view& v) {
    const std::size_t begin = completed_.size();
    bool ours = false;
    wire::reader reader(v.data, v.size);
    attribute_view a;
    for (wire::field at; reader.next(at);) {
      if (at.tag == resource_attributes && read_attribute(at.data, at.size, a) && a.tag == wire::any_string &&
          std::string_view(a.key, a.key_size) == task_name_key && std::string_view(a.data, a.size) == settings_.task_name) {
        ours = true;
      } else if (at.tag == resource_attributes) {
        append_field(completed_, resource_attributes, at.data, at.size);
      }
    }
    if (!ours) return completed_.truncate(begin);
    put(completed_, "arthur.task", found_);
    v = {completed_.data() + begin, completed_.size() - begin};
  }

  static constexpr const char* task_name_key = "arthur.task.name";

  static void put(buffer& to, std::string_view k, std::string_view value) {
    append_string_attribute(to, resource_attributes, k.data(), k.size(), value.data(), value.size());
  }

  const settings& settings_;
  text_line found_;  // the task's id, once it was looked up
  buffer encoded_;  // one resource behind the other
  buffer clean_;
  buffer completed_;  // resources of a spooled file
  bool looked_up_ = false;
  std::vector<std::size_t> places_;  // of each group in encoded_
  std::vector<resource_view> views_;
  bool full_ = false;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
