#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/kernel_dispatch.h"
#include "core/return_if_error.h"
#include "core/utf8.h"
#include "retrieval/stage.h"
#include "tests/memory_stage_reader.h"
#include "tests/test_database.h"

namespace tracevec {

/// Stages over candidates made by hand. Documents are made by MakePage, or are given.
class StageTest : public ::testing::Test {
 protected:
  StageTest() {
    context_.reader = &reader_;
    context_.kernels = Must(SelectKernels());
    context_.query = "question";
  }

  DocumentNumber Add(const Document& document) { return reader_.Add(document); }
  /// A document of one chunk, with this text.
  DocumentNumber AddText(const std::string& text) {
    Document document;
    document.id = "d" + std::to_string(added_++);
    document.text = text;
    document.chunks.emplace_back().span = Span{0, CountCodePoints(text)};
    return reader_.Add(document);
  }

  /// Comes behind those found before, with a lower score.
  PassageCandidate& Find(DocumentNumber document, std::uint32_t chunk = 0) {
    const float score = 1.0F - 0.01F * static_cast<float>(found_.size());
    return FindScored(document, chunk, score);
  }
  PassageCandidate& FindScored(DocumentNumber document, std::uint32_t chunk, float score) {
    PassageCandidate& candidate = found_.emplace_back();
    candidate.key.document = document;
    candidate.key.chunk = ChunkNumber{chunk};
    candidate.score = score;
    candidate.scores = {{"fused", score, static_cast<std::uint32_t>(found_.size())}};
    return candidate;
  }

  Status TryRun(const std::vector<PipelineStage>& stages) {
    passages_.clear();
    reports_.clear();
    std::vector<PassageCandidate> candidates = found_;
    TRACEVEC_RETURN_IF_ERROR(CheckStages(stages));
    const std::vector<SkippedScore> skipped_before = context_.skipped_scores;
    const Status run = RunStages(stages, context_, &candidates, &reports_);
    context_.skipped_scores = skipped_before;
    TRACEVEC_RETURN_IF_ERROR(run);
    for (PassageCandidate& candidate : candidates)
      passages_.push_back(std::move(candidate.passage));
    return Status::Ok();
  }
  /// The passages' texts.
  std::vector<std::string> Run(const std::vector<PipelineStage>& stages) {
    Must(TryRun(stages));
    std::vector<std::string> texts;
    for (const Passage& passage : passages_) texts.push_back(passage.text);
    return texts;
  }

  /// "m:0 c:1": role and chunk of each citation of a passage, without the document's id.
  static std::string CitedBy(const Passage& passage) {
    std::string cited;
    for (const Citation& citation : passage.citations) {
      cited += cited.empty() ? "" : " ";
      cited += "mcd"[static_cast<std::size_t>(citation.role)];
      cited += ":" + citation.chunk.substr(citation.chunk.rfind('#') + 1);
    }
    return cited;
  }
  /// "d1#0 duplicate d0#0": what a stage dropped, by which rule, into what.
  static std::vector<std::string> DroppedBy(const StageReport& report) {
    std::vector<std::string> dropped;
    for (const DroppedCandidate& each : report.dropped) {
      dropped.push_back(each.chunk + " " + each.rule + (each.into.empty() ? "" : " " + each.into));
    }
    return dropped;
  }

  MemoryStageReader reader_;
  StageContext context_;
  std::vector<PassageCandidate> found_;
  std::vector<Passage> passages_;
  std::vector<StageReport> reports_;

 private:
  std::size_t added_ = 0;
};

}  // namespace tracevec
