#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ratio>
#include <string>
#include <string_view>

#include "tracevec/value.h"

namespace tracevec {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::size_t kMaxFractionDigits = 9;

/// The 400 years after which the calendar repeats.
using Cycle =
    std::chrono::duration<std::int64_t, std::ratio_multiply<std::ratio<146'097>, days::period>>;

/// Reads a text from left to right; every method leaves the rest untouched when it says no.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool AtEnd() const { return rest_.empty(); }

  bool TakeOneOf(std::string_view characters) {
    if (AtEnd() || characters.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool Take(char character) { return TakeOneOf({&character, 1}); }

  /// Exactly `count` digits, as a number of at most `max`.
  std::optional<int> TakeNumber(std::size_t count, int max) {
    if (CountDigits() < count) return std::nullopt;
    const int number = ToInt(rest_.substr(0, count));
    if (number > max) return std::nullopt;
    rest_.remove_prefix(count);
    return number;
  }

  /// The digits after the point, cut to microseconds.
  std::optional<microseconds> TakeFraction() {
    const std::size_t count = CountDigits();
    if (count == 0 || count > kMaxFractionDigits) return std::nullopt;
    std::string micros(rest_.substr(0, count));
    micros.resize(6, '0');
    rest_.remove_prefix(count);
    return microseconds(ToInt(micros));
  }

 private:
  std::size_t CountDigits() const {
    const std::size_t end = rest_.find_first_not_of("0123456789");
    return end == std::string_view::npos ? rest_.size() : end;
  }

  static int ToInt(std::string_view digits) {
    int number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
  }

  std::string_view rest_;
};

std::optional<sys_days> ParseDate(Scanner& scanner) {
  const auto year = scanner.TakeNumber(4, 9999);
  if (!year || *year == 0 || !scanner.Take('-')) return std::nullopt;
  const auto month = scanner.TakeNumber(2, 12);
  if (!month || !scanner.Take('-')) return std::nullopt;
  const auto day = scanner.TakeNumber(2, 31);
  if (!day) return std::nullopt;
  const year_month_day date(std::chrono::year(*year),
                            std::chrono::month(static_cast<unsigned>(*month)),
                            std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return sys_days(date);
}

/// "hh:mm", "hh:mm:ss" or "hh:mm:ss.fraction".
std::optional<microseconds> ParseTime(Scanner& scanner) {
  const auto hour = scanner.TakeNumber(2, 23);
  if (!hour || !scanner.Take(':')) return std::nullopt;
  const auto minute = scanner.TakeNumber(2, 59);
  if (!minute) return std::nullopt;
  microseconds time = hours(*hour) + minutes(*minute);
  if (!scanner.Take(':')) return time;
  const auto second = scanner.TakeNumber(2, 59);
  if (!second) return std::nullopt;
  time += seconds(*second);
  if (!scanner.Take('.')) return time;
  const auto fraction = scanner.TakeFraction();
  if (!fraction) return std::nullopt;
  return time + *fraction;
}

/// What local time is ahead of UTC by: nothing, "Z", "+hh", "+hhmm" or "+hh:mm".
std::optional<minutes> ParseZone(Scanner& scanner) {
  if (scanner.AtEnd() || scanner.TakeOneOf("Zz")) return minutes(0);
  const bool behind = scanner.Take('-');
  if (!behind && !scanner.Take('+')) return std::nullopt;
  const auto hour = scanner.TakeNumber(2, 23);
  if (!hour) return std::nullopt;
  minutes offset = hours(*hour);
  if (!scanner.AtEnd()) {
    scanner.Take(':');
    const auto minute = scanner.TakeNumber(2, 59);
    if (!minute) return std::nullopt;
    offset += minutes(*minute);
  }
  return behind ? -offset : offset;
}

std::optional<microseconds> ParseIso8601(std::string_view text) {
  Scanner scanner(text);
  const auto date = ParseDate(scanner);
  if (!date) return std::nullopt;
  microseconds instant = date->time_since_epoch();
  if (!scanner.AtEnd()) {
    if (!scanner.TakeOneOf("Tt ")) return std::nullopt;
    const auto time = ParseTime(scanner);
    if (!time) return std::nullopt;
    const auto ahead = ParseZone(scanner);
    if (!ahead || !scanner.AtEnd()) return std::nullopt;
    instant += *time - *ahead;
  }
  // A zone can carry the first and the last day out of the years that can be written.
  constexpr sys_days kFirst = std::chrono::year(1) / 1 / 1;
  constexpr sys_days kEnd = sys_days(std::chrono::year(9999) / 12 / 31) + days(1);
  if (instant < kFirst.time_since_epoch() || instant >= kEnd.time_since_epoch()) {
    return std::nullopt;
  }
  return instant;
}

void AppendPadded(std::string& out, std::int64_t number, std::size_t width) {
  const std::string digits = std::to_string(number);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

/// Four digits; years that do not fit get a sign, as ISO 8601 has it.
void AppendYear(std::string& out, std::int64_t year) {
  if (year < 0) out += '-';
  if (year > 9999) out += '+';
  AppendPadded(out, year < 0 ? -year : year, 4);
}

}  // namespace

Result<Timestamp> ParseTimestamp(std::string_view text) {
  const auto instant = ParseIso8601(text);
  if (instant) return Timestamp{instant->count()};
  constexpr std::size_t kMaxShown = 40;  // The text may be anything: show it only when it is short.
  const std::string shown = text.size() > kMaxShown ? std::to_string(text.size()) + " bytes"
                                                    : "'" + std::string(text) + "'";
  return Status::InvalidArgument("timestamp " + shown +
                                 ": expected ISO 8601 such as 2026-07-30T12:00:00Z, years "
                                 "0001 to 9999, at most 9 digits of a second's fraction");
}

std::string FormatTimestamp(Timestamp timestamp) {
  const microseconds instant(timestamp.micros);
  const days day = std::chrono::floor<days>(instant);
  // std::chrono::year ends at 32,767 and an int64 of microseconds does not: the date is taken in
  // the calendar's cycle that starts in 1970, and the cycles in between are added back.
  const auto cycle = std::chrono::floor<Cycle>(day);
  const year_month_day date{sys_days(day - cycle)};
  // Not `instant - day`: the start of the first day an int64 reaches is out of its range.
  const std::chrono::hh_mm_ss time((instant % days(1) + days(1)) % days(1));

  std::string out;
  AppendYear(out, int{date.year()} + 400 * cycle.count());
  out += '-';
  AppendPadded(out, unsigned{date.month()}, 2);
  out += '-';
  AppendPadded(out, unsigned{date.day()}, 2);
  out += 'T';
  AppendPadded(out, time.hours().count(), 2);
  out += ':';
  AppendPadded(out, time.minutes().count(), 2);
  out += ':';
  AppendPadded(out, time.seconds().count(), 2);
  if (time.subseconds().count() != 0) {
    out += '.';
    AppendPadded(out, time.subseconds().count(), 6);
  }
  out += 'Z';
  return out;
}

}  // namespace tracevec
