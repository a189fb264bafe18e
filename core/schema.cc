#include "tracevec/schema.h"

#include <array>
#include <cstddef>
#include <utility>

#include "core/nearest_name.h"

namespace tracevec {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 3> kMetricNames = {"cosine", "ip", "l2"};
constexpr std::array<std::string_view, 3> kCodeChoiceNames = {"auto", "int8", "int4"};
constexpr std::array<std::string_view, 10> kMetadataTypeNames = {
    "bool",       "int",       "float",       "string",       "timestamp",
    "list[bool]", "list[int]", "list[float]", "list[string]", "list[timestamp]"};

// Python's words for the same types.
constexpr std::array<std::pair<std::string_view, MetadataType>, 4> kMetadataTypeAliases = {{
    {"str", MetadataType::kString},
    {"datetime", MetadataType::kTimestamp},
    {"list[str]", MetadataType::kStringList},
    {"list[datetime]", MetadataType::kTimestampList},
}};

template <typename Enum, std::size_t kCount>
std::string_view NameOf(Enum value, const std::array<std::string_view, kCount>& names) {
  const auto index = static_cast<std::size_t>(value);
  return index < kCount ? names[index] : "unknown";
}

template <typename Enum, std::size_t kCount>
Result<Enum> ParseName(std::string_view what, std::string_view name,
                       const std::array<std::string_view, kCount>& names) {
  std::string list;
  for (std::size_t i = 0; i < kCount; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
    list.append(i == 0 ? "" : ", ").append(names[i]);
  }
  const std::vector<std::string> known(names.begin(), names.end());
  return Status::InvalidArgument("unknown " + std::string(what) + " '" + std::string(name) + "'" +
                                 DidYouMean(name, known) + "; known: " + list);
}

}  // namespace

std::string_view CodeChoiceName(CodeChoice codes) { return NameOf(codes, kCodeChoiceNames); }

Result<CodeChoice> ParseCodeChoice(std::string_view name) {
  return ParseName<CodeChoice>("kind of codes", name, kCodeChoiceNames);
}

std::string_view MetricName(Metric metric) { return NameOf(metric, kMetricNames); }

Result<Metric> ParseMetric(std::string_view name) {
  return ParseName<Metric>("metric", name, kMetricNames);
}

std::string_view MetadataTypeName(MetadataType type) { return NameOf(type, kMetadataTypeNames); }

Result<MetadataType> ParseMetadataType(std::string_view name) {
  for (const auto& [alias, type] : kMetadataTypeAliases) {
    if (alias == name) return type;
  }
  return ParseName<MetadataType>("metadata type", name, kMetadataTypeNames);
}

}  // namespace tracevec
