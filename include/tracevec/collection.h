#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tracevec/description.h"
#include "tracevec/document.h"
#include "tracevec/erasure.h"
#include "tracevec/export.h"
#include "tracevec/filter.h"
#include "tracevec/migration.h"
#include "tracevec/schema.h"
#include "tracevec/search.h"
#include "tracevec/status.h"
#include "tracevec/tune.h"

namespace tracevec {

class Pipeline;
class PipelineQuery;      // query.h
struct PipelineResponse;  // query.h
struct QueryOptions;      // query.h

/// Loose vectors: row i of everything belongs to ids[i]. An id that exists is replaced whole.
struct UpsertRequest {
  std::span<const std::string> ids;  ///< UTF-8, 1 to 900 bytes, no id twice.
  /// Vector field -> ids.size() x dimension floats, row-major. The key "" stands for the only
  /// vector field. A field left out leaves its chunks without a vector of that field.
  std::map<std::string, std::span<const float>, std::less<>> vectors;
  /// Sparse field -> a vector an id; one without entries: none. "" as above.
  std::map<std::string, std::span<const SparseVector>, std::less<>> sparse_vectors;
  std::span<const std::string> texts;  ///< Empty, or one an id.
  std::span<const Metadata> metadata;  ///< Empty, or one an id.
  EmbeddingSpace space;                ///< Of all vectors given; undeclared: asserted to fit.
  std::optional<bool> sync;            ///< Overrides the collection's durability for this call.
  std::string label;                   ///< Kept in the journal.
};

struct WriteResult {
  std::uint64_t commit = 0;  ///< The last commit of the call, 0 when nothing was written.
  std::uint64_t inserted = 0;
  std::uint64_t updated = 0;
  std::uint64_t deleted = 0;
};

/// Which chunks a call is for: those with these ids, or those that match, not both.
struct Selection {
  std::optional<std::vector<std::string>> ids;
  Filter where;
};

struct GetOptions {
  bool with_vectors = false;
  /// For GetDocument: this version instead of the one in force, if it is still kept. Fields that
  /// UpdateMetadata merged into its chunks are shown as far as they are kept.
  std::optional<std::uint32_t> version = std::nullopt;
};

/// Which documents to list, by id.
struct ListOptions {
  std::string prefix;       ///< Ids start with it.
  std::string after;        ///< Ids are larger, bytewise: the last one of the page before.
  std::uint64_t limit = 0;  ///< At most so many; 0: all.
};

struct ScanOptions {
  Filter where;
  std::string order_by;  ///< "" (insertion), "id", or a metadata field; "-x" descends.
  bool with_vectors = false;
  std::uint32_t batch_size = 1000;  ///< Chunks read ahead, 1 to 100,000.
};

/// Reads the chunks of one view, one by one, however long that takes. Not thread-safe.
class TRACEVEC_EXPORT Scanner {
 public:
  class Impl;
  explicit Scanner(std::unique_ptr<Impl> impl);
  Scanner(Scanner&&) noexcept;
  Scanner& operator=(Scanner&&) noexcept;
  ~Scanner();
  /// The next chunk, or nothing at the end. Errors: IOError, Corruption, Closed.
  Result<std::optional<Chunk>> Next();

 private:
  std::unique_ptr<Impl> impl_;
};

/// Figures of a collection. Bytes are of memory unless named otherwise.
struct CollectionStats {
  std::string name;
  std::uint64_t chunks = 0;      ///< Live.
  std::uint64_t documents = 0;   ///< Live.
  std::uint64_t tombstones = 0;  ///< Dead rows still in memory.
  std::uint64_t segments = 0;    ///< Of the index, each with its graphs.
  std::uint64_t blocks = 0;      ///< Sealed blocks and the head; 0 for a small collection.
  std::uint64_t index_bytes = 0;
  std::uint64_t commit = 0;
  std::uint64_t unbuilt_chunks = 0;    ///< In sealed blocks, which are scanned, not searched.
  std::uint64_t segments_built = 0;    ///< Since this open.
  std::uint64_t graph_insertions = 0;  ///< Chunks inserted into graphs for them, once a field.
  std::uint64_t write_stalls = 0;      ///< Writes that waited for the builder since this open.
  std::uint64_t asserted_vectors = 0;  ///< Vectors written without a declared space (this open).
  std::vector<TuneResult> tuned;       ///< By field.
  std::string kernels;
  std::vector<std::string> warnings;
};

struct RebuildOptions {
  static constexpr std::uint32_t kMostThreads = 256;
  std::uint32_t threads = 2;
  /// Equal chunks written in the same order give equal graphs: one thread builds.
  bool deterministic = false;
};

/// A handle on a collection; copies mean the same collection. Safe for concurrent use: readers
/// see one immutable view from start to end and never wait for writers; writers take turns.
/// Every call returns Closed after Database::Close. A call that returns an error changed nothing,
/// apart from those that take several commits, as said there.
class TRACEVEC_EXPORT Collection {
 public:
  class Impl;
  explicit Collection(std::shared_ptr<Impl> impl);

  const std::string& name() const;
  const CollectionSchema& schema() const;

  /// Writes loose vectors in one commit, or, past 4,096 rows, in several, each whole, in order. All
  /// rows are checked before the first commit; an IOError later leaves the commits before it. What
  /// comes fast is found by scanning until the load ends, and is then built by all processors, in
  /// parts of 64 MiB of codes where it is larger. Rebuild takes the place of that, on its threads.
  /// Errors: InvalidArgument (shape, non-finite or zero vector, id, type, UTF-8, an id twice, the
  /// id of a document with chunks), AlreadyExists (the id of another document's chunk),
  /// EmbeddingSpaceMismatch, ReadOnly, IOError.
  Result<WriteResult> Upsert(const UpsertRequest& request);
  /// Deletes chunks of loose vectors, or all chunks of a document; ids that do not exist are
  /// ignored. Errors: InvalidArgument when only some chunks of a document are selected.
  /// `label`: who deletes; kept in the journal.
  Result<WriteResult> Delete(const Selection& selection, std::string_view label = {});
  /// Merges `patch` into the selected chunks' metadata; a null value removes the field. Vectors
  /// and text are not touched. WriteResult::updated counts the chunks.
  /// `label`: who updates; kept in the journal.
  Result<WriteResult> UpdateMetadata(const Metadata& patch, const Selection& selection,
                                     std::string_view label = {});

  /// Chunks in the order asked; ids that do not exist are left out.
  Result<std::vector<Chunk>> Get(std::span<const std::string> ids,
                                 const GetOptions& options = {}) const;
  Result<std::uint64_t> Count(const Filter& where = {}) const;
  Result<Scanner> Scan(ScanOptions options = {}) const;

  /// The k best chunks for a vector, a text, or both. Errors: InvalidArgument (dimension,
  /// non-finite, zero under cosine, k, filter, text, fusion, a text without a text field), NotFound
  /// (`like`), EmbeddingSpaceMismatch, Unsupported (ReceiptLevel::kKeep, an analyzer that this
  /// build does not have). Cost: a graph search for each segment and one pass over the head's int8
  /// codes, then float32 for the best; with `where` see docs/filters.md; with `exact` float32 for
  /// all that match. Of a text, the rows of its rarer terms, some ns each, in the index; a small
  /// collection's texts are analysed for each search, some 20 us for 500 bytes.
  Result<SearchResponse> Search(const SearchRequest& request) const;
  /// What Search would do with the request, which is checked as there: plan, and estimates of how
  /// much the filter matches. `vector`, `like` and `text` may all be missing.
  Result<Explanation> Explain(const SearchRequest& request) const;
  /// The same as Search for many vectors, texts, or pairs of both. Each thread walks graphs for two
  /// queries in turn, so that one computes while the other waits for memory: 1.1 to 1.2 times the
  /// speed of single searches. With a text, a filter, a deadline, `exact`, or fewer than two
  /// queries a thread it takes one at a time.
  Result<BatchResponse> SearchBatch(const BatchRequest& request) const;

  /// Begins a query that is built by chaining and run once or more; see PipelineQuery in query.h.
  ///
  ///     pages.Query("reserve capacity").Dense(source).Lexical().Dedup().Limit(8).Run();
  PipelineQuery Query(std::string_view text) const;
  /// The same on from a pipeline that there is.
  PipelineQuery Query(std::string_view text, const Pipeline& pipeline) const;
  /// Searches the sources of a pipeline for the text, fuses what they found, and runs the stages,
  /// all over one view. The text: 1 to 65,536 bytes, or none where each source has a vector. That
  /// nothing is found is an empty answer. Errors: InvalidArgument (the text; what Pipeline::Check
  /// finds; a field; a callback that is only a name), Unsupported, EmbeddingSpaceMismatch, IOError,
  /// Corruption, and with OnError::kRaise a callback's: its own, DeadlineExceeded where it is late,
  /// InvalidArgument where it gives what it must not, Internal where it throws. Callbacks run on
  /// the caller's thread with no lock held. Cost: that of the searches, and some 300 us for the
  /// stages.
  Result<PipelineResponse> RunPipeline(std::string_view text, const Pipeline& pipeline,
                                       const QueryOptions& options) const;

  /// Brings one document to the given state in one atomic step: chunks whose text as handed to
  /// the embedder is unchanged keep id, vector and embedding. The same document twice writes
  /// nothing. When the document moves while its embedder runs, it is tried up to three times.
  /// Errors: InvalidArgument, AlreadyExists (a given chunk id belongs to another document),
  /// EmbeddingSpaceMismatch, Conflict (both versions), the embedder's.
  Result<PutResult> PutDocument(const Document& document, const PutOptions& options = {});
  /// Many documents, several to a commit, each document whole in one. `vectors` and `plan` of the
  /// options are not allowed; `vectors_of` gives the rows of document i, one for each chunk, where
  /// no embedder is set, and may be called twice for it. `progress` is called with documents done;
  /// returning false cancels. Errors: as PutDocument. All documents and given vectors are checked
  /// before the first commit; an error that shows later (AlreadyExists, Conflict, the embedder's,
  /// IOError) leaves the commits before it and says how many documents they hold.
  struct PutManyOptions {
    PutOptions put;
    std::function<std::map<std::string, std::span<const float>, std::less<>>(std::size_t)>
        vectors_of;
    /// The same for sparse fields, beside an embedder too.
    std::function<std::map<std::string, std::span<const SparseVector>, std::less<>>(std::size_t)>
        sparse_vectors_of;
    std::function<bool(std::size_t)> progress;
  };
  Result<std::vector<PutResult>> PutDocuments(std::span<const Document> documents,
                                              const PutManyOptions& options = {});
  /// What PutDocument would do; writes nothing.
  Result<UpdatePlan> PlanUpdate(const Document& document) const;
  /// The document as of now, or in an older version. Errors: NotFound, with the kept versions.
  Result<StoredDocument> GetDocument(std::string_view id, const GetOptions& options = {}) const;
  /// The versions in force of documents, by id, loose vectors left out. Cost: some 10 us each.
  Result<std::vector<DocumentVersion>> ListDocuments(const ListOptions& options = {}) const;
  /// The kept versions, newest first. Errors: NotFound.
  Result<std::vector<DocumentVersion>> History(std::string_view id) const;
  /// Deletes a document with all its chunks. A missing one is ignored (deleted = 0).
  /// `label`: who deletes it; kept in its last version and in the journal.
  Result<WriteResult> DeleteDocument(std::string_view id, std::string_view label = {});

  /// Deletes a document and takes every byte of its texts, metadata and vectors out of the
  /// database's files, old versions included: its records are removed and the tables and logs they
  /// lay in written anew, the index is built without its rows, its id is replaced in the journal.
  /// Reads and writes go on meanwhile. Then all files are read, as stored and decompressed, for
  /// what was erased. The certificate says what was done and found, and who still holds the
  /// document: with a snapshot that has it only the deletion is done; release the snapshot and call
  /// again. A missing document gives a certificate with `nothing_stored`, which is not complete,
  /// once all that was deleted of the collection has been compacted away. What the file system does
  /// with freed blocks, and copies made of the files, are out of reach; so are chunk ids and the
  /// document's, which may be borders of key ranges in the store's MANIFEST until the next open.
  /// Errors: Conflict (put again meanwhile), ReadOnly, IOError, ResourceExhausted; then call again.
  /// Cost: that of Rebuild where the index has its rows, the collection's records written anew, and
  /// two passes over all files.
  Result<ErasureCertificate> EraseDocument(std::string_view id, const EraseOptions& options = {});

  /// What the collection holds and how it came to be, from what is stored: models, parsers,
  /// chunkers, lengths, writers, metadata. Cost: one pass over versions, chunk bodies and journal.
  Result<CollectionDescription> Describe() const;

  /// Begins to move a vector field to another embedding space, dimension, metric or template. The
  /// field goes on as it is until CutOver. One migration a collection at a time. Survives restarts
  /// and kills at any point. Errors: AlreadyExists, InvalidArgument.
  Result<MigrationStatus> BeginMigration(std::string_view field, const VectorField& to,
                                         std::string_view label = {});
  /// How far it is; counts anew, by one pass. Errors: NotFound.
  Result<MigrationStatus> Migration() const;
  /// Embeds, on the caller's thread, the chunks that have no vector of the new space, until a pass
  /// finds none; what was filled before a failure stays. Reads and writes go on meanwhile, and
  /// Close does not wait for the embedder. A chunk without a vector of the field has none
  /// afterwards. Each call of the embedder is a commit of its own, of the kind "fill_migration".
  /// Errors: NotFound, InvalidArgument (cut over; a chunk has a vector but no text),
  /// EmbeddingSpaceMismatch (before the embedder is called), the embedder's, Cancelled, Conflict
  /// (the migration ended, or was cut over, meanwhile), Closed.
  Result<MigrationStatus> FillMigration(const Embedder& embed, const FillOptions& options = {});
  /// Makes the new space the one in force, for searches, puts and `schema()`, of all handles, in
  /// one atomic step of some milliseconds. Before it, and while the old space is served, chunks
  /// that were written since are filled and the index of the new space is built. A search sees one
  /// or the other. A write that meets the step starts over where it brings neither vectors nor an
  /// embedder; else it is a Conflict, which may have stored the first of its parts: call again with
  /// vectors of the new space. Chunks keep their ids, and are unchanged where their texts are. Old
  /// versions of documents keep the vectors of the old space until FinishMigration. Errors:
  /// NotFound, InvalidArgument (chunks are not filled and there is no embedder, or have no text),
  /// EmbeddingSpaceMismatch, Conflict (a snapshot holds the collection; chunks were written faster
  /// than they were embedded; a document was erased, or a title embedded there changed, while the
  /// index was built), the embedder's. Cost: that of Rebuild, at idle priority.
  Result<SwitchResult> CutOver(const SwitchOptions& options = {});
  /// After CutOver the same in the other direction, the embedder being of the old space; the
  /// migration is then as before it. Before CutOver: ends the migration and drops what was filled.
  Result<SwitchResult> RollBack(const SwitchOptions& options = {});
  /// After CutOver: drops the vectors of the old space and ends the migration. Searches and scans
  /// that began before the cut-over end with Conflict. Errors: NotFound, InvalidArgument (not cut
  /// over).
  Status FinishMigration(std::string_view label = {});

  /// Builds the index anew, as one segment, past 2,000,000 chunks as several of no more than that,
  /// from the chunks that are live; reads and writes go on meanwhile. Nothing in the store changes.
  /// Does nothing for a small collection. Errors: InvalidArgument (threads), ResourceExhausted,
  /// NotFound when it is dropped meanwhile. Cost: some 350 us of processor time a chunk at 384
  /// dimensions.
  Status Rebuild(const RebuildOptions& options = {});
  /// Chooses the width that searches of a field take which name none, by measuring what widths find
  /// of exact answers, and keeps it with its evidence, from which `target_recall` is met too. Reads
  /// and writes go on meanwhile. Errors: InvalidArgument (options, shape, or no graph to tune),
  /// ReadOnly, IOError. Cost: an exact search for each query used, and some twenty others:
  /// 500 queries over 340,000 x 100 take about ten seconds.
  Result<TuneResult> Tune(const TuneOptions& options = {});
  Result<CollectionStats> Stats() const;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace tracevec
