#pragma once

#include <cstdint>

namespace tracevec {

// Kinds of number that must never be mixed have types of their own; `static_cast` is the only way
// from one to another.

/// A collection, in storage keys. Numbers are never used again.
enum class CollectionNumber : std::uint32_t {};
/// A document within a collection, in storage keys.
enum class DocumentNumber : std::uint64_t {};
/// A chunk within a document. Never used again for another chunk of that document.
enum class ChunkNumber : std::uint32_t {};
/// A vector field within a collection, in storage keys. Never used again.
enum class FieldNumber : std::uint16_t {};
/// A commit: one counter for the database. 0 is before the first.
enum class CommitNumber : std::uint64_t {};
/// A dense row inside an index.
enum class Slot : std::uint32_t {};

/// Never deleted: later than every commit.
inline constexpr CommitNumber kNeverDeleted{~std::uint64_t{0}};

constexpr std::uint64_t Raw(CommitNumber n) { return static_cast<std::uint64_t>(n); }
constexpr std::uint64_t Raw(DocumentNumber n) { return static_cast<std::uint64_t>(n); }
constexpr std::uint32_t Raw(ChunkNumber n) { return static_cast<std::uint32_t>(n); }
constexpr std::uint32_t Raw(CollectionNumber n) { return static_cast<std::uint32_t>(n); }
constexpr std::uint16_t Raw(FieldNumber n) { return static_cast<std::uint16_t>(n); }
constexpr std::uint32_t Raw(Slot n) { return static_cast<std::uint32_t>(n); }

}  // namespace tracevec
