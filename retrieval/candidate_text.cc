#include "retrieval/candidate_text.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/return_if_error.h"

namespace tracevec {
namespace {

Result<std::size_t> FindOrdinal(StageDocument& document, const CandidateKey& key) {
  const std::optional<std::size_t> ordinal = document.OrdinalOf(key.chunk);
  if (ordinal) return *ordinal;
  return Status::Corruption(fmt::format("document '{}' version {}: chunk {} is not in it",
                                        document.version().document_id, document.version().version,
                                        Raw(key.chunk)));
}

Status CheckRange(const VersionRecord& version, const Span& bytes, std::size_t size) {
  if (bytes.start <= bytes.end && bytes.end <= size) return Status::Ok();
  return Status::Corruption(
      fmt::format("document '{}' version {}: bytes {} to {} of a source of {}", version.document_id,
                  version.version, bytes.start, bytes.end, size));
}

Result<Citation> Cite(StageReader& reader, const CitedChunk& cited) {
  TRACEVEC_ASSIGN_OR_RETURN(StageDocument * document, reader.Document(cited.key));
  TRACEVEC_ASSIGN_OR_RETURN(const std::size_t ordinal, FindOrdinal(*document, cited.key));
  const VersionRecord& version = document->version();
  const VersionEntry& entry = version.entries[ordinal];
  Citation citation;
  citation.chunk = ChunkId(version, entry);
  citation.collection = reader.CollectionName(cited.key.collection);
  citation.document = version.document_id;
  citation.version = version.version;
  citation.span = entry.span;
  citation.section = entry.section;
  citation.page = entry.page;
  citation.role = cited.role;
  citation.scores = cited.scores;
  return citation;
}

/// All chunks a candidate rests on, each once and in the order of Passage::citations.
std::vector<CitedChunk> CitedBy(const PassageCandidate& candidate) {
  std::vector<CitedChunk> cited = {
      {candidate.key, CitationRole::kMatch, candidate.score, candidate.scores}};
  for (const CitedChunk& each : candidate.cited) {
    const auto same = std::find_if(cited.begin(), cited.end(),
                                   [&](const CitedChunk& other) { return other.key == each.key; });
    if (same == cited.end()) {
      cited.push_back(each);
      continue;
    }
    // A chunk that was dropped as a duplicate may come back as context: it is part of the text, and
    // what it scored is not lost.
    same->role = std::min(same->role, each.role);
    if (same->scores.empty())
      std::tie(same->scores, same->score) = std::tie(each.scores, each.score);
  }
  std::stable_sort(cited.begin() + 1, cited.end(), [](const CitedChunk& a, const CitedChunk& b) {
    if (a.role != b.role) return a.role < b.role;
    return a.role != CitationRole::kContext && a.score > b.score;
  });
  return cited;
}

}  // namespace

Result<std::size_t> LocateIn(StageDocument& document, PassageCandidate* candidate) {
  TRACEVEC_ASSIGN_OR_RETURN(const std::size_t ordinal, FindOrdinal(document, candidate->key));
  if (candidate->range || candidate->text) return ordinal;
  const VersionEntry& entry = document.version().entries[ordinal];
  if (entry.span && !entry.text_apart) {
    candidate->range = TextRange{*entry.span, entry.bytes};
  } else {
    TRACEVEC_ASSIGN_OR_RETURN(candidate->text, document.ChunkText(ordinal));
  }
  return ordinal;
}

Status Locate(StageReader& reader, PassageCandidate* candidate) {
  if (candidate->range || candidate->text) return Status::Ok();
  TRACEVEC_ASSIGN_OR_RETURN(StageDocument * document, reader.Document(candidate->key));
  return LocateIn(*document, candidate).status();
}

Result<std::string_view> TextOf(StageReader& reader, PassageCandidate* candidate) {
  if (candidate->text) return std::string_view(*candidate->text);
  TRACEVEC_ASSIGN_OR_RETURN(StageDocument * document, reader.Document(candidate->key));
  if (!candidate->range) TRACEVEC_RETURN_IF_ERROR(LocateIn(*document, candidate).status());
  if (candidate->text) return std::string_view(*candidate->text);
  TRACEVEC_ASSIGN_OR_RETURN(const std::string_view source, document->Source());
  const Span& bytes = candidate->range->bytes;
  TRACEVEC_RETURN_IF_ERROR(CheckRange(document->version(), bytes, source.size()));
  return source.substr(bytes.start, bytes.end - bytes.start);
}

Status FillPassage(StageReader& reader, PassageCandidate* candidate) {
  TRACEVEC_ASSIGN_OR_RETURN(const std::string_view text, TextOf(reader, candidate));
  Passage& passage = candidate->passage;
  passage.text = text;
  passage.score = candidate->score;
  passage.collection = reader.CollectionName(candidate->key.collection);
  passage.span.reset();
  if (candidate->range) passage.span = candidate->range->span;
  passage.tokens = candidate->tokens;
  passage.citations.clear();
  for (const CitedChunk& cited : CitedBy(*candidate)) {
    TRACEVEC_ASSIGN_OR_RETURN(Citation citation, Cite(reader, cited));
    passage.citations.push_back(std::move(citation));
  }
  const Citation& best = passage.citations.front();
  passage.document = best.document;
  passage.version = best.version;
  passage.section = best.section;
  passage.page = best.page;
  TRACEVEC_ASSIGN_OR_RETURN(passage.metadata, reader.MetadataOf(candidate->key));
  return Status::Ok();
}

}  // namespace tracevec
