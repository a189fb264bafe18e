#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tracevec {

/// A sketch of the set of a text's shingles, which are its runs of three words. The share of places
/// at which two sketches are equal estimates the Jaccard similarity of the sets (Broder, "On the
/// resemblance and containment of documents", 1997). Each shingle is hashed once and falls into one
/// of the places (Li, Owen and Zhang, "One Permutation Hashing", 2012); places that none falls into
/// take the value of one that has one, chosen by a hash (Shrivastava, "Optimal Densification for
/// Fast and Accurate Minwise Hashing", 2017).
struct ShingleSketch {
  static constexpr std::size_t kPlaces = 64;
  std::array<std::uint32_t, kPlaces> places{};
  bool empty = true;  ///< The text has no word: it is like nothing.

  /// Estimated similarity, 0 to 1, with a standard error of at most 0.063.
  double Similarity(const ShingleSketch& other) const;
};

/// Makes sketches. A word is a run of ASCII letters, digits and underscores, compared in lower
/// case, and of anything beyond ASCII, compared as it is; of Chinese and Japanese each character is
/// one. A text of fewer than three words is one shingle. Not thread-safe.
class ShingleSketcher {
 public:
  void Sketch(std::string_view text, ShingleSketch* sketch);

 private:
  void AddWords(std::string_view text);
  void AddWordsAndIdeographs(std::string_view text);

  std::vector<std::uint64_t> masks_;
  std::vector<std::uint64_t> words_;  // Hashes, in order.
};

}  // namespace tracevec
