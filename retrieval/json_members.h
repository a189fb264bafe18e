#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tracevec/status.h"

namespace tracevec {

/// Reads the members of a JSON object from outside, each into a value that keeps what it has where
/// the object says nothing. The first mistake is kept, with its place (`stages[2].top`).
class MemberReader {
 public:
  MemberReader(const nlohmann::json& object, std::string place);

  void Text(std::string_view name, std::string* value);
  void Count(std::string_view name, std::uint32_t* value);
  void Number(std::string_view name, double* value);
  void OptionalNumber(std::string_view name, std::optional<double>* value);
  void Numbers(std::string_view name, std::vector<double>* values);
  void Callback(std::string_view name, std::string* value, std::string_view by_default);
  void OptionalCallback(std::string_view name, std::string* value) { Callback(name, value, {}); }
  template <typename Enum>
  void Choice(std::string_view name, Enum* value, std::span<const std::string_view> names) {
    if (const auto found = ChoiceNumber(name, names)) *value = static_cast<Enum>(*found);
  }
  /// The member, known from now on; null: there is none.
  const nlohmann::json* Find(std::string_view name);
  /// The number in `names` of what a member says. Nothing: it is missing, or wrong.
  std::optional<std::size_t> ChoiceNumber(std::string_view name,
                                          std::span<const std::string_view> names);
  /// "stages[2].top"
  std::string PlaceOf(std::string_view name) const;
  void Fail(std::string_view name, const std::string& message);

  /// The first mistake, or a member that nobody asked for, with the nearest of those that are
  /// known.
  Status Finish() const;

 private:
  const nlohmann::json& object_;
  std::string place_;
  std::vector<std::string> known_;
  Status status_;
};

/// Writes what MemberReader reads: all members, but texts, weights and numbers that are not there.
class MemberWriter {
 public:
  void Text(std::string_view name, const std::string* value);
  void Count(std::string_view name, const std::uint32_t* value);
  void Number(std::string_view name, const double* value);
  void OptionalNumber(std::string_view name, const std::optional<double>* value);
  void Numbers(std::string_view name, const std::vector<double>* values);
  void Callback(std::string_view name, const std::string* value, std::string_view by_default);
  void OptionalCallback(std::string_view name, const std::string* value) { Text(name, value); }
  template <typename Enum>
  void Choice(std::string_view name, const Enum* value, std::span<const std::string_view> names) {
    object_[std::string(name)] = names[static_cast<std::size_t>(*value)];
  }
  nlohmann::json Take() { return std::move(object_); }

 private:
  nlohmann::json object_ = nlohmann::json::object();
};

}  // namespace tracevec
