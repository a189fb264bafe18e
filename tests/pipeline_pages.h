#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/test_documents.h"
#include "tracevec/tracevec.h"

namespace tracevec {

/// Ids of the chunks that passages rest on, the best of each.
inline std::vector<std::string> ChunksOf(const PipelineResponse& response) {
  std::vector<std::string> chunks;
  for (const Passage& passage : response.passages) chunks.push_back(passage.citations.at(0).chunk);
  return chunks;
}

/// The step of this name. The test ends when there is none.
inline const ReceiptStage& StageOf(const Receipt& receipt, std::string_view name) {
  for (const ReceiptStage& stage : receipt.stages) {
    if (stage.name == name) return stage;
  }
  throw std::runtime_error("no stage '" + std::string(name) + "'");
}

/// Ten documents of four chunks about fruit, with vectors and texts; `n` is their number.
class PipelineTest : public DocumentsTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    CollectionSchema schema = BodySchema(kDimension);
    schema.text = TextField{};
    pages_ = Must(db_->CreateCollection("pages", schema));
    static const std::vector<std::string> kColours = {"red", "green", "blue", "yellow", "white"};
    static const std::vector<std::string> kFruits = {"apple", "pear", "plum"};
    for (std::size_t d = 0; d < 10; ++d) {
      std::vector<std::string> paragraphs;
      for (std::size_t c = 0; c < 4; ++c) {
        paragraphs.push_back("Chunk " + std::to_string(c) + " of page " + std::to_string(d) +
                             " tells of a " + kColours[(d + c) % kColours.size()] + " " +
                             kFruits[(d * 2 + c) % kFruits.size()] + ".");
      }
      Document page = MakePage("d" + std::to_string(d), paragraphs);
      page.metadata["n"] = static_cast<std::int64_t>(d);
      Put(page);
    }
  }

  /// A source whose embedder notes its texts in seen_.
  DenseSource Embedded() {
    DenseSource dense;
    dense.embed = HashEmbedder(kDimension, &seen_);
    return dense;
  }
};

}  // namespace tracevec
