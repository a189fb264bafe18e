// Receipts that are kept, what applications noted of their answers, and how long they are kept.

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/codec.h"
#include "core/return_if_error.h"
#include "storage/query_record.h"
#include "storage/record_parts.h"
#include "storage/records.h"

namespace tracevec {
namespace {

// Flag bits. Stored: do not renumber.
constexpr std::uint8_t kRedacted = 1;
constexpr std::uint8_t kExact = 2;
constexpr std::uint8_t kDeadlineCut = 4;
constexpr std::uint8_t kSpaceAsserted = 8;
constexpr std::uint8_t kHasLedger = 16;

std::uint8_t FlagsOf(const KeptReceipt& receipt) {
  std::uint8_t flags = 0;
  if (receipt.redacted) flags |= kRedacted;
  if (receipt.exact) flags |= kExact;
  if (receipt.deadline_cut) flags |= kDeadlineCut;
  if (receipt.space_asserted) flags |= kSpaceAsserted;
  const bool of_hits = !receipt.ledger.empty() && receipt.ledger.size() == receipt.hits.size();
  if (!receipt.redacted && of_hits) flags |= kHasLedger;
  return flags;
}

void PutStages(Encoder& out, const std::vector<ReceiptStage>& stages) {
  out.PutVarint(stages.size());
  for (const ReceiptStage& stage : stages) {
    out.PutString(stage.name);
    out.PutDouble(stage.micros);
    out.PutVarint(stage.n_in);
    out.PutVarint(stage.n_out);
  }
}

std::vector<ReceiptStage> ReadStages(Decoder& in) {
  constexpr std::size_t kLeastBytes = 1 + 8 + 1 + 1;
  std::vector<ReceiptStage> stages;
  for (std::size_t left = in.ReadCount(kLeastBytes); left > 0 && in.ok(); --left) {
    ReceiptStage& stage = stages.emplace_back();
    stage.name = in.ReadString();
    stage.micros = in.ReadDouble();
    stage.n_in = in.ReadVarint();
    stage.n_out = in.ReadVarint();
  }
  return stages;
}

void PutParts(Encoder& out, const std::vector<SearchPart>& parts) {
  out.PutVarint(parts.size());
  for (const SearchPart& part : parts) {
    out.PutString(part.way);
    out.PutVarint(part.rows);
    out.PutVarint(part.matches_estimated);
    out.PutVarint(part.matches_low);
    out.PutVarint(part.matches_high);
    out.PutByte(part.matches ? 1 : 0);
    if (part.matches) out.PutVarint(*part.matches);
  }
}

std::vector<SearchPart> ReadParts(Decoder& in) {
  constexpr std::size_t kLeastBytes = 6;
  std::vector<SearchPart> parts;
  for (std::size_t left = in.ReadCount(kLeastBytes); left > 0 && in.ok(); --left) {
    SearchPart& part = parts.emplace_back();
    part.way = in.ReadString();
    part.rows = in.ReadVarint();
    part.matches_estimated = in.ReadVarint();
    part.matches_low = in.ReadVarint();
    part.matches_high = in.ReadVarint();
    if (in.ReadBool()) part.matches = in.ReadVarint();
  }
  return parts;
}

void PutSources(Encoder& out, const std::vector<ReceiptSource>& sources) {
  out.PutVarint(sources.size());
  for (const ReceiptSource& source : sources) {
    out.PutString(source.name);
    out.PutString(source.field);
    out.PutVarint(source.phrasing);
    out.PutDouble(source.weight);
    out.PutVarint(source.candidates);
    out.PutVarint(source.found);
    out.PutVarint(source.rows_scored);
  }
}

std::vector<ReceiptSource> ReadSources(Decoder& in) {
  constexpr std::size_t kLeastBytes = 3 + 8 + 3;
  std::vector<ReceiptSource> sources;
  for (std::size_t left = in.ReadCount(kLeastBytes); left > 0 && in.ok(); --left) {
    ReceiptSource& source = sources.emplace_back();
    source.name = in.ReadString();
    source.field = in.ReadString();
    source.phrasing = in.ReadVarint32();
    source.weight = in.ReadDouble();
    source.candidates = in.ReadVarint();
    source.found = in.ReadVarint();
    source.rows_scored = in.ReadVarint();
  }
  return sources;
}

std::size_t CommonPrefix(std::string_view a, std::string_view b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t length = 0;
  while (length < most && a[length] == b[length]) ++length;
  return length;
}

/// A chunk's id mostly begins with its document's, which is written once.
void PutHits(Encoder& out, const std::vector<ReceiptHit>& hits) {
  out.PutVarint(hits.size());
  for (const ReceiptHit& hit : hits) {
    const std::size_t shared = CommonPrefix(hit.document, hit.id);
    out.PutString(hit.document);
    out.PutVarint(shared);
    out.PutString(std::string_view(hit.id).substr(shared));
    PutFloat(out, hit.score);
    out.PutVarint(hit.version);
    out.PutByte(hit.span ? 1 : 0);
    if (hit.span) out.PutSpan(*hit.span);
  }
}

std::vector<ReceiptHit> ReadHits(Decoder& in) {
  constexpr std::size_t kLeastBytes = 3 + 4 + 2;
  std::vector<ReceiptHit> hits;
  for (std::size_t left = in.ReadCount(kLeastBytes); left > 0 && in.ok(); --left) {
    ReceiptHit& hit = hits.emplace_back();
    hit.document = in.ReadString();
    const std::uint64_t shared = in.ReadVarint();
    hit.id = hit.document.substr(0, std::min<std::uint64_t>(shared, hit.document.size()));
    hit.id += in.ReadStringView();
    if (in.ok() && CommonPrefix(hit.document, hit.id) != shared) {
      in.Fail("an id shares more or less with its document's");
    }
    hit.score = ReadFloat(in);
    hit.version = in.ReadVarint32();
    if (in.ReadBool()) hit.span = in.ReadSpan();
  }
  return hits;
}

/// One entry a hit, in their order: ids and fused scores are theirs, and the best rank of each kind
/// is found among its sources again.
void PutLedger(Encoder& out, const std::vector<ReceiptLedgerEntry>& ledger) {
  for (const ReceiptLedgerEntry& entry : ledger) {
    out.PutVarint(entry.sources.size());
    for (const ReceiptLedgerSource& source : entry.sources) {
      out.PutVarint(source.source);
      out.PutVarint(source.rank);
      PutFloat(out, source.score);
    }
  }
}

void KeepBest(const ReceiptLedgerSource& source, std::uint32_t* rank, float* score) {
  if (*rank != 0 && *rank <= source.rank) return;
  *rank = source.rank;
  *score = source.score;
}

void FindBest(const std::vector<ReceiptSource>& sources, ReceiptLedgerEntry* entry) {
  for (const ReceiptLedgerSource& found : entry->sources) {
    const std::string& kind = sources[found.source].name;
    if (kind == "dense") KeepBest(found, &entry->dense_rank, &entry->dense_score);
    if (kind == "lexical") KeepBest(found, &entry->lexical_rank, &entry->lexical_score);
    if (kind == "sparse") KeepBest(found, &entry->sparse_rank, &entry->sparse_score);
  }
}

std::vector<ReceiptLedgerSource> ReadLedgerSources(Decoder& in, std::size_t sources) {
  constexpr std::size_t kLeastBytes = 2 + 4;
  std::vector<ReceiptLedgerSource> found;
  for (std::size_t left = in.ReadCount(kLeastBytes); left > 0 && in.ok(); --left) {
    ReceiptLedgerSource& source = found.emplace_back();
    source.source = in.ReadVarint32();
    source.rank = in.ReadVarint32();
    source.score = ReadFloat(in);
    if (in.ok() && source.source >= sources) in.Fail("a ledger names a source that there is not");
  }
  return found;
}

std::vector<ReceiptLedgerEntry> ReadLedger(Decoder& in, const KeptReceipt& receipt) {
  std::vector<ReceiptLedgerEntry> ledger;
  if (receipt.hits.empty()) in.Fail("a ledger without hits");
  for (const ReceiptHit& hit : receipt.hits) {
    ReceiptLedgerEntry& entry = ledger.emplace_back();
    entry.id = hit.id;
    entry.score = hit.score;
    entry.sources = ReadLedgerSources(in, receipt.sources.size());
    if (!in.ok()) break;
    FindBest(receipt.sources, &entry);
  }
  return ledger;
}

void PutFigures(Encoder& out, const Receipt& receipt) {
  for (const std::uint64_t figure :
       {std::uint64_t{receipt.k}, std::uint64_t{receipt.returned}, std::uint64_t{receipt.ef},
        receipt.segments_searched, receipt.nodes_visited, receipt.rows_scanned, receipt.distances,
        receipt.filter_tested, receipt.filter_passed, receipt.live, receipt.commit,
        receipt.timeline}) {
    out.PutVarint(figure);
  }
  out.PutDouble(receipt.total_micros);
  out.PutFixed64(receipt.query_hash);
}

void ReadFigures(Decoder& in, Receipt& receipt) {
  receipt.k = in.ReadVarint32();
  receipt.returned = in.ReadVarint32();
  receipt.ef = in.ReadVarint32();
  for (std::uint64_t* figure :
       {&receipt.segments_searched, &receipt.nodes_visited, &receipt.rows_scanned,
        &receipt.distances, &receipt.filter_tested, &receipt.filter_passed, &receipt.live,
        &receipt.commit, &receipt.timeline}) {
    *figure = in.ReadVarint();
  }
  receipt.total_micros = in.ReadDouble();
  receipt.query_hash = in.ReadFixed64();
}

}  // namespace

std::string EncodeReceipt(const KeptReceipt& receipt) {
  Encoder out;
  out.PutByte(FlagsOf(receipt));
  for (const std::string* text :
       {&receipt.collection, &receipt.label, &receipt.kept, &receipt.outcome, &receipt.field,
        &receipt.plan, &receipt.metric, &receipt.code, &receipt.short_reason, &receipt.ef_source,
        &receipt.kernels, &receipt.build, &receipt.analyzer, &receipt.fusion}) {
    out.PutString(*text);
  }
  PutFigures(out, receipt);
  PutSpace(out, receipt.space);
  PutStages(out, receipt.stages);
  PutParts(out, receipt.parts);
  PutSources(out, receipt.sources);
  if (receipt.redacted) return out.Take();
  out.PutString(receipt.filter);
  PutAskedQuery(out, receipt.query);
  PutHits(out, receipt.hits);
  if (FlagsOf(receipt) & kHasLedger) PutLedger(out, receipt.ledger);
  return out.Take();
}

Result<KeptReceipt> DecodeReceipt(std::string_view bytes) {
  Decoder in(bytes, "receipt");
  KeptReceipt receipt;
  const std::uint8_t flags =
      in.ReadFlags(kRedacted | kExact | kDeadlineCut | kSpaceAsserted | kHasLedger);
  receipt.redacted = (flags & kRedacted) != 0;
  receipt.exact = (flags & kExact) != 0;
  receipt.deadline_cut = (flags & kDeadlineCut) != 0;
  receipt.space_asserted = (flags & kSpaceAsserted) != 0;
  for (std::string* text :
       {&receipt.collection, &receipt.label, &receipt.kept, &receipt.outcome, &receipt.field,
        &receipt.plan, &receipt.metric, &receipt.code, &receipt.short_reason, &receipt.ef_source,
        &receipt.kernels, &receipt.build, &receipt.analyzer, &receipt.fusion}) {
    *text = in.ReadString();
  }
  ReadFigures(in, receipt);
  receipt.space = ReadSpace(in);
  receipt.stages = ReadStages(in);
  receipt.parts = ReadParts(in);
  receipt.sources = ReadSources(in);
  if (!receipt.redacted) {
    receipt.filter = in.ReadString();
    receipt.query = ReadAskedQuery(in);
    receipt.hits = ReadHits(in);
    if (flags & kHasLedger) receipt.ledger = ReadLedger(in, receipt);
  } else if (flags & kHasLedger) {
    in.Fail("a redacted receipt has a ledger");
  }
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return receipt;
}

std::string EncodeAnnotation(const ReceiptAnnotation& annotation) {
  Encoder out;
  out.PutSignedVarint(annotation.time.micros);
  out.PutString(annotation.prompt);
  out.PutString(annotation.response);
  out.PutMetadata(annotation.usage);
  out.PutByte(annotation.rating ? 1 : 0);
  if (annotation.rating) out.PutDouble(*annotation.rating);
  return out.Take();
}

Result<ReceiptAnnotation> DecodeAnnotation(std::string_view bytes) {
  Decoder in(bytes, "annotation");
  ReceiptAnnotation annotation;
  annotation.time = Timestamp{in.ReadSignedVarint()};
  annotation.prompt = in.ReadString();
  annotation.response = in.ReadString();
  annotation.usage = in.ReadMetadata();
  if (in.ReadBool()) annotation.rating = in.ReadDouble();
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return annotation;
}

std::string EncodeReceiptPolicy(const ReceiptPolicy& policy) {
  Encoder out;
  out.PutVarint(policy.sample_one_in);
  out.PutDouble(policy.slow_ms);
  out.PutByte(policy.redact ? 1 : 0);
  out.PutVarint(policy.max_age_seconds);
  out.PutVarint(policy.max_count);
  out.PutVarint(policy.max_bytes);
  return out.Take();
}

Result<ReceiptPolicy> DecodeReceiptPolicy(std::string_view bytes) {
  Decoder in(bytes, "receipt policy");
  ReceiptPolicy policy;
  policy.sample_one_in = in.ReadVarint32();
  policy.slow_ms = in.ReadDouble();
  policy.redact = in.ReadBool();
  policy.max_age_seconds = in.ReadVarint();
  policy.max_count = in.ReadVarint();
  policy.max_bytes = in.ReadVarint();
  if (in.ok() && !(policy.slow_ms >= 0 && std::isfinite(policy.slow_ms))) {
    in.Fail("slow_ms is no time");
  }
  TRACEVEC_RETURN_IF_ERROR(in.Finish());
  return policy;
}

}  // namespace tracevec
