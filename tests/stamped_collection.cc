#include "tests/stamped_collection.h"

#include <map>
#include <optional>
#include <utility>

namespace tracevec {
namespace {

constexpr std::size_t kDocuments = 6;
constexpr std::size_t kGroups = 4;
constexpr std::size_t kGroupSize = 4;
constexpr std::size_t kMostChunks = 7;

std::size_t ChunksFor(std::int64_t stamp) { return 3 + static_cast<std::size_t>(stamp % 5); }

std::vector<std::string> IdsIn(const std::string& owner, std::size_t count) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < count; ++i) ids.push_back(owner + "/" + std::to_string(i));
  return ids;
}

std::string TextOf(const std::string& id, std::int64_t stamp) {
  return id + " as of " + std::to_string(stamp);
}

std::vector<float> VectorOf(std::int64_t stamp) {
  std::vector<float> vector(StampedCollection::kDimension, 1.0F);
  vector.front() = static_cast<float>(stamp);
  return vector;
}

/// What readers compare, of a chunk however it was read.
struct Seen {
  std::string id;
  std::uint32_t version = 0;
  std::string text;
  Metadata metadata;
  std::vector<float> vector;
};

Seen FromChunk(const Chunk& chunk) {
  return {chunk.id, chunk.version, chunk.text, chunk.metadata, chunk.vectors.at("vector")};
}

std::int64_t IntOf(const Metadata& metadata, const std::string& name) {
  const auto found = metadata.find(name);
  const std::int64_t* value = found == metadata.end() ? nullptr : found->second.AsInt();
  return value != nullptr ? *value : -1;
}

/// The stamp is in everything of a chunk. Chunk 0 of a document is kept by all its versions: only
/// what it inherits from the document is stamped.
std::string CheckOne(const Seen& seen, std::int64_t stamp) {
  const bool kept = seen.id.starts_with("d") && seen.id.ends_with("/0");
  const std::int64_t own = IntOf(seen.metadata, "own_stamp");
  if (kept) return seen.text == seen.id && own == -1 ? "" : "the kept chunk '" + seen.id + "'";
  if (seen.text != TextOf(seen.id, stamp)) return "text '" + seen.text + "'";
  if (own != stamp) return "own metadata of '" + seen.id + "'";
  if (seen.vector != VectorOf(stamp)) return "vector of '" + seen.id + "'";
  return "";
}

/// Chunks of one document, or of one group.
std::string CheckTogether(const std::vector<Seen>& chunks, bool complete) {
  const Seen& first = chunks.front();
  const std::int64_t stamp = IntOf(first.metadata, "stamp");
  const std::int64_t mark = IntOf(first.metadata, "mark");
  for (const Seen& seen : chunks) {
    const bool same = IntOf(seen.metadata, "stamp") == stamp &&
                      IntOf(seen.metadata, "mark") == mark &&
                      (seen.version == first.version || seen.id.starts_with("g"));
    std::string failure = same ? CheckOne(seen, stamp) : "metadata of '" + seen.id + "'";
    if (!failure.empty()) return failure + " beside '" + first.text + "'";
  }
  const std::size_t expected = first.id.starts_with("g") ? kGroupSize : ChunksFor(stamp);
  if (chunks.size() > expected || (complete && chunks.size() < expected)) {
    return std::to_string(chunks.size()) + " chunks beside '" + first.text + "'";
  }
  return "";
}

/// Everything one call saw. `complete`: of a document or group all chunks, or none.
std::string Check(const std::vector<Seen>& chunks, bool complete, const std::string& what) {
  std::map<std::string, std::vector<Seen>> together;
  for (const Seen& seen : chunks) {
    if (!seen.id.starts_with("f")) together[seen.id.substr(0, seen.id.find('/'))].push_back(seen);
  }
  for (const auto& [owner, members] : together) {
    std::string failure = CheckTogether(members, complete);
    if (!failure.empty()) return what + " in '" + owner + "': " + failure;
  }
  return "";
}

std::string Failure(const Status& status, const std::string& what) {
  if (status.ok()) return "";
  if (status.code() == StatusCode::kClosed) return StampedCollection::kClosed;
  return what + ": " + status.ToString();
}

std::string RandomDocumentId(std::mt19937_64& random) {
  return "d" + std::to_string(random() % kDocuments);
}
std::string RandomGroup(std::mt19937_64& random) {
  return "g" + std::to_string(random() % kGroups);
}

}  // namespace

CollectionSchema StampedCollection::Schema() {
  CollectionSchema schema;
  schema.vectors["vector"] = {kDimension, Metric::kIp, {}, "{text}"};
  for (const char* name : {"stamp", "own_stamp", "mark"}) {
    schema.metadata[name] = MetadataType::kInt;
  }
  schema.metadata["owner"] = MetadataType::kString;
  return schema;
}

std::string StampedCollection::PutDocument(std::mt19937_64& random) {
  Document document;
  document.id = RandomDocumentId(random);
  const auto stamp = static_cast<std::int64_t>(++stamp_);
  if (random() % 10 == 0) {
    return Failure(collection_.DeleteDocument(document.id).status(), "delete document");
  }
  document.metadata = {{"stamp", stamp}, {"owner", document.id}};
  for (const std::string& id : IdsIn(document.id, ChunksFor(stamp))) {
    ChunkInput chunk;
    chunk.id = id;
    chunk.text = document.chunks.empty() ? id : TextOf(id, stamp);
    if (!document.chunks.empty()) chunk.metadata["own_stamp"] = stamp;
    document.chunks.push_back(std::move(chunk));
  }
  PutOptions options;
  options.embed[""] = [stamp](std::span<const std::string> texts) {
    std::vector<float> rows;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::vector<float> row = VectorOf(stamp);
      rows.insert(rows.end(), row.begin(), row.end());
    }
    return Result<std::vector<float>>(std::move(rows));
  };
  return Failure(collection_.PutDocument(document, options).status(), "put document");
}

std::string StampedCollection::WriteGroup(std::mt19937_64& random) {
  const auto stamp = static_cast<std::int64_t>(++stamp_);
  const std::string group = RandomGroup(random);
  const std::vector<std::string> ids = IdsIn(group, kGroupSize);
  std::vector<std::string> texts;
  std::vector<float> vectors;
  for (const std::string& id : ids) {
    texts.push_back(TextOf(id, stamp));
    const std::vector<float> vector = VectorOf(stamp);
    vectors.insert(vectors.end(), vector.begin(), vector.end());
  }
  const std::vector<Metadata> metadata(ids.size(),
                                       {{"stamp", stamp}, {"own_stamp", stamp}, {"owner", group}});
  UpsertRequest request;
  request.ids = ids;
  request.vectors[""] = vectors;
  request.texts = texts;
  request.metadata = metadata;
  return Failure(collection_.Upsert(request).status(), "upsert");
}

std::string StampedCollection::MarkGroup(std::mt19937_64& random) {
  const std::string group = RandomGroup(random);
  Selection selection;
  if (random() % 2 == 0) {
    selection.where = "owner = '" + group + "'";
  } else {
    selection.ids = IdsIn(group, kGroupSize);
  }
  const Metadata patch = {{"mark", static_cast<std::int64_t>(++stamp_)}};
  return Failure(collection_.UpdateMetadata(patch, selection).status(), "update metadata");
}

std::string StampedCollection::PutFillers(std::size_t count) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < count; ++i) ids.push_back("f" + std::to_string(i));
  const std::vector<float> vectors(count * kDimension, 0.5F);
  UpsertRequest request;
  request.ids = ids;
  request.vectors[""] = vectors;
  ++stamp_;
  return Failure(collection_.Upsert(request).status(), "fillers");
}

std::string StampedCollection::Rebuild() {
  RebuildOptions options;
  options.threads = 1;
  return Failure(collection_.Rebuild(options), "rebuild");
}

std::string StampedCollection::Read(std::mt19937_64& random) const {
  const bool of_document = random() % 2 == 0;
  const std::string owner = of_document ? RandomDocumentId(random) : RandomGroup(random);
  const std::string where = "owner = '" + owner + "'";
  switch (random() % 12) {
    case 0: return Search(where, /*exact=*/true, "exact search");
    case 1: return Search(where, /*exact=*/false, "search");
    case 2: return Search("", random() % 2 == 0, "unfiltered search");
    case 3: return ReadByFilter(where, "", "scan");
    case 4: return ReadDocument(RandomDocumentId(random));
    // One of the newest stamps: its document may be replaced at this moment.
    case 5: return Count(static_cast<std::int64_t>(stamp_ - random() % 4));
    case 6: return ReadByFilter(where, "-stamp", "ordered scan");
    case 7: return SearchBatch(owner, "batch");
    case 8: return SearchLike(IdsIn(owner, 1).front(), "search like a chunk");
    default: return ReadById(IdsIn(owner, of_document ? kMostChunks : kGroupSize), "get");
  }
}

std::string StampedCollection::ReadAll() const {
  for (std::size_t i = 0; i < kDocuments; ++i) {
    std::string failure = ReadDocument("d" + std::to_string(i));
    if (!failure.empty()) return failure;
  }
  return ReadByFilter("owner IS NOT NULL", "", "scan of everything");
}

std::string StampedCollection::ReadDocument(const std::string& id) const {
  const auto document = collection_.GetDocument(id, {.with_vectors = true});
  if (document.status().code() == StatusCode::kNotFound) return "";
  if (!document.ok()) return Failure(document.status(), "document");
  std::vector<Seen> seen;
  for (const Chunk& chunk : document->chunks) seen.push_back(FromChunk(chunk));
  if (document->info.version != seen.front().version) return "the version of '" + id + "'";
  return Check(seen, /*complete=*/true, "document");
}

std::string StampedCollection::ReadByFilter(const std::string& where, const std::string& order_by,
                                            const std::string& what) const {
  ScanOptions options;
  options.where = where;
  options.order_by = order_by;
  options.with_vectors = true;
  options.batch_size = 2;  // Read in several steps, between which much is written.
  Result<Scanner> scan = collection_.Scan(options);
  if (!scan.ok()) return Failure(scan.status(), what);
  std::vector<Seen> seen;
  while (true) {
    const Result<std::optional<Chunk>> chunk = scan->Next();
    if (!chunk.ok()) return Failure(chunk.status(), what);
    if (!*chunk) return Check(seen, /*complete=*/true, what);
    seen.push_back(FromChunk(**chunk));
  }
}

std::string StampedCollection::ReadById(const std::vector<std::string>& ids,
                                        const std::string& what) const {
  const auto chunks = collection_.Get(ids, {.with_vectors = true});
  if (!chunks.ok()) return Failure(chunks.status(), what);
  std::vector<Seen> seen;
  for (const Chunk& chunk : *chunks) seen.push_back(FromChunk(chunk));
  return Check(seen, /*complete=*/true, what);
}

std::string StampedCollection::Search(const std::string& where, bool exact,
                                      const std::string& what) const {
  const std::vector<float> query = VectorOf(1);
  SearchRequest request;
  request.vector = query;
  request.where = where;
  request.exact = exact;
  request.k = 16;
  request.with_vectors = true;
  const auto response = collection_.Search(request);
  if (!response.ok()) return Failure(response.status(), what);
  std::vector<Seen> seen;
  for (const Hit& hit : response->hits) {
    seen.push_back({hit.id, hit.version, hit.text, hit.metadata, hit.vector});
  }
  return Check(seen, /*complete=*/!where.empty(), what);
}

std::string StampedCollection::SearchBatch(const std::string& owner,
                                           const std::string& what) const {
  const std::vector<float> queries(2 * kDimension, 1.0F);
  BatchRequest request;
  request.vectors = queries;
  request.where = "owner = '" + owner + "'";
  request.k = 16;
  const auto response = collection_.SearchBatch(request);
  if (!response.ok()) return Failure(response.status(), what);
  for (std::size_t i = 0; i < request.k; ++i) {
    if (response->ids[i] != response->ids[request.k + i]) return what + ": equal queries differ";
  }
  // A stamp is in the score. The chunk that all versions keep has that of the first.
  std::optional<float> score;
  std::size_t found = 0;
  for (; found < request.k && !response->ids[found].empty(); ++found) {
    if (owner.starts_with("d") && response->ids[found].ends_with("/0")) continue;
    if (score && *score != response->scores[found]) return what + " in '" + owner + "': two stamps";
    score = response->scores[found];
  }
  if (found == 0) return "";
  if (!score) return what + " in '" + owner + "': the kept chunk alone";
  const auto stamp = static_cast<std::int64_t>(*score) - (kDimension - 1);
  const std::size_t expected = owner.starts_with("g") ? kGroupSize : ChunksFor(stamp);
  return found == expected ? ""
                           : what + " in '" + owner + "': " + std::to_string(found) + " chunks";
}

std::string StampedCollection::SearchLike(const std::string& id, const std::string& what) const {
  SearchRequest request;
  request.like = id;
  request.k = 16;
  request.with_vectors = true;
  const auto response = collection_.Search(request);
  if (response.status().code() == StatusCode::kNotFound) return "";
  if (!response.ok()) return Failure(response.status(), what);
  std::vector<Seen> seen;
  for (const Hit& hit : response->hits) {
    seen.push_back({hit.id, hit.version, hit.text, hit.metadata, hit.vector});
  }
  return Check(seen, /*complete=*/false, what);
}

std::string StampedCollection::Count(std::int64_t stamp) const {
  const auto count = collection_.Count("stamp = " + std::to_string(stamp) + " AND owner LIKE 'd%'");
  if (!count.ok()) return Failure(count.status(), "count");
  if (*count == 0 || *count == ChunksFor(stamp)) return "";
  return "count: " + std::to_string(*count) + " chunks of stamp " + std::to_string(stamp);
}

}  // namespace tracevec
