#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "index/build_stop.h"
#include "index/postings.h"
#include "index/postings_data.h"
#include "index/row_terms.h"

namespace tracevec {

/// Puts together the postings of rows whose terms stand in other postings, or row by row. What is
/// added comes in the order of the new rows, and must outlive Build. Throws std::bad_alloc.
class PostingsBuilder {
 public:
  /// Of a row of other postings that has no new one.
  static constexpr std::uint32_t kDropped = ~std::uint32_t{0};

  /// `lengths`: of the texts of all new rows, in terms.
  explicit PostingsBuilder(std::vector<std::uint32_t> lengths) : data_(std::move(lengths)) {}

  void AddRow(std::uint32_t new_row, const RowTerms& terms);
  /// `new_rows`: of each row of the postings, ascending where they are not kDropped.
  void AddPostings(const Postings& postings, std::vector<std::uint32_t> new_rows);

  /// Once. Terms without a row are left out. Throws BuildStopped.
  PostingsData Build(const BuildStop& stop);

 private:
  /// A term of an input.
  struct Piece {
    std::uint32_t input = 0;
    std::uint32_t place = 0;  // Of the term within it.
  };
  struct Input {
    const RowTerms* terms = nullptr;  // Of one row, or null.
    std::uint32_t new_row = 0;
    Postings postings;
    std::vector<std::uint32_t> new_rows;
  };

  void Add(std::string_view term, std::uint32_t place);
  void Write(std::string_view term, const std::vector<Piece>& pieces);
  void WriteRow(const Input& input, std::size_t place);
  void WritePostings(const Input& input, std::size_t term);

  PostingsData data_;
  std::vector<Input> inputs_;
  std::unordered_map<std::string_view, std::uint32_t> numbers_;  // Of terms, in pieces_.
  std::vector<std::vector<Piece>> pieces_;
};

}  // namespace tracevec
