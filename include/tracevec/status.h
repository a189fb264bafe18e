#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tracevec/export.h"

namespace tracevec {

/// What went wrong, chosen by what the caller can do about it. The values are stable.
enum class StatusCode : std::uint8_t {
  kOk = 0,
  kInvalidArgument = 1,          ///< The call is wrong: correct it. Nothing was changed.
  kNotFound = 2,                 ///< What was named does not exist.
  kAlreadyExists = 3,            ///< The name is taken.
  kConflict = 4,                 ///< Something moved since it was read: read again and retry.
  kCorruption = 5,               ///< Stored bytes are damaged: verify, repair or restore.
  kIOError = 6,                  ///< The file system refused: the message has its reason.
  kResourceExhausted = 7,        ///< Memory, disk or a stated limit ran out: free some and retry.
  kUnavailable = 8,              ///< Another process holds the database; the message has its pid.
  kDeadlineExceeded = 9,         ///< The deadline passed before there was any answer.
  kCancelled = 10,               ///< The caller stopped it.
  kReadOnly = 11,                ///< The database was opened with OpenMode::kRead.
  kUnsupported = 12,             ///< This build, or this format, cannot do it.
  kEmbeddingSpaceMismatch = 13,  ///< Vectors of one model met a field of another.
  kClosed = 14,                  ///< The database was closed.
  kInternal = 15,                ///< A fault of the library: please report it.
};

/// The code's name as written in this header without the k: "InvalidArgument".
TRACEVEC_EXPORT std::string_view StatusCodeName(StatusCode code);

/// The outcome of a call: OK, or a code with a message that carries the numbers
/// ("dimension: expected 384, got 768"). Cheap to copy when OK. Safe to read concurrently.
class [[nodiscard]] TRACEVEC_EXPORT Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status Ok() { return {}; }
  static Status InvalidArgument(std::string m) {
    return {StatusCode::kInvalidArgument, std::move(m)};
  }
  static Status NotFound(std::string m) { return {StatusCode::kNotFound, std::move(m)}; }
  static Status AlreadyExists(std::string m) { return {StatusCode::kAlreadyExists, std::move(m)}; }
  static Status Conflict(std::string m) { return {StatusCode::kConflict, std::move(m)}; }
  static Status Corruption(std::string m) { return {StatusCode::kCorruption, std::move(m)}; }
  static Status IOError(std::string m) { return {StatusCode::kIOError, std::move(m)}; }
  static Status ResourceExhausted(std::string m) {
    return {StatusCode::kResourceExhausted, std::move(m)};
  }
  static Status Unavailable(std::string m) { return {StatusCode::kUnavailable, std::move(m)}; }
  static Status DeadlineExceeded(std::string m) {
    return {StatusCode::kDeadlineExceeded, std::move(m)};
  }
  static Status Cancelled(std::string m) { return {StatusCode::kCancelled, std::move(m)}; }
  static Status ReadOnly(std::string m) { return {StatusCode::kReadOnly, std::move(m)}; }
  static Status Unsupported(std::string m) { return {StatusCode::kUnsupported, std::move(m)}; }
  static Status EmbeddingSpaceMismatch(std::string m) {
    return {StatusCode::kEmbeddingSpaceMismatch, std::move(m)};
  }
  static Status Closed(std::string m) { return {StatusCode::kClosed, std::move(m)}; }
  static Status Internal(std::string m) { return {StatusCode::kInternal, std::move(m)}; }

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }
  /// "InvalidArgument: dimension: expected 384, got 768", or "OK".
  std::string ToString() const;
  /// Says why an outcome does not matter, where it really does not.
  void IgnoreError(std::string_view why) const { (void)why; }

  friend bool operator==(const Status&, const Status&) = default;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

/// A value, or the Status that says why there is none. Never OK without a value.
/// REQUIRES: ok() before `*` or `->`.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}         // NOLINT(google-explicit-constructor)
  Result(Status status) : status_(std::move(status)) {  // NOLINT(google-explicit-constructor)
    if (status_.ok())
      status_ = Status::Internal("a Result was made of an OK Status without a value");
  }

  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Status& status() const { return status_; }

  T& operator*() & {
    assert(ok());
    return *value_;
  }
  const T& operator*() const& {
    assert(ok());
    return *value_;
  }
  T&& operator*() && {
    assert(ok());
    return *std::move(value_);
  }
  T* operator->() {
    assert(ok());
    return &*value_;
  }
  const T* operator->() const {
    assert(ok());
    return &*value_;
  }

 private:
  Status status_;
  std::optional<T> value_;
};

}  // namespace tracevec
