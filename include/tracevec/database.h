#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tracevec/collection.h"
#include "tracevec/export.h"
#include "tracevec/journal.h"
#include "tracevec/kept_receipt.h"
#include "tracevec/metrics.h"
#include "tracevec/pipeline_spec.h"
#include "tracevec/replay.h"
#include "tracevec/routes.h"
#include "tracevec/schema.h"
#include "tracevec/snapshot.h"
#include "tracevec/status.h"

namespace tracevec {

/// What an acknowledged write survives. kAsync: kill -9 of the process, not a power loss of the
/// machine. kSync: both; each commit waits for the disk.
enum class Durability : std::uint8_t { kAsync = 0, kSync = 1 };

enum class OpenMode : std::uint8_t {
  kReadWrite = 0,  ///< The one writer of the directory.
  kRead = 1,       ///< Reads what was committed when it was opened; beside a live writer too.
};

struct OpenOptions {
  Durability durability = Durability::kAsync;
  OpenMode mode = OpenMode::kReadWrite;
  bool create_if_missing = true;  ///< Ignored with kRead.
  /// Write buffers and block cache of the store, at least 8 MiB.
  std::uint64_t store_memory_bytes = 256ull << 20;
};

struct CreateOptions {
  std::optional<Durability> durability;  ///< Of this collection; else the database's.
  /// Old versions of a document that are kept beside its newest, for History and GetDocument, 0 to
  /// 1,000,000. Chunks that versions share are stored once. Loose vectors keep none.
  std::uint32_t keep_versions = 1;
};

struct DatabaseStats {
  std::uint64_t commit = 0;
  std::uint64_t timeline = 0;  ///< Grows after each unclean recovery.
  std::uint64_t collections = 0;
  std::uint32_t format_version = 0;
  std::uint64_t disk_bytes = 0;
  std::string kernels;
  std::string build;
};

/// A database: one directory, one writing process. Safe for concurrent use.
class TRACEVEC_EXPORT Database {
 public:
  class Impl;

  /// Opens a directory, or creates it. A write acknowledged under kAsync (the default) survives
  /// kill -9 but not power loss; under kSync it survives both. An acknowledged write is visible to
  /// the next search. A second writer is refused at once with Unavailable and the holder's pid.
  /// Errors: NotFound, InvalidArgument (not a database: nothing is changed), Unavailable,
  /// Unsupported (a newer format; TRACEVEC_KERNELS names kernels this processor lacks), Corruption,
  /// IOError.
  static Result<std::unique_ptr<Database>> Open(const std::string& path,
                                                const OpenOptions& options = {});

  explicit Database(std::unique_ptr<Impl> impl);
  ~Database();  ///< Closes.
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Collection names: UTF-8, 1 to 255 bytes; never a path on disk. Errors: AlreadyExists,
  /// InvalidArgument (a field's name reserved or not UTF-8, dimension, number of fields).
  Result<Collection> CreateCollection(std::string_view name, const CollectionSchema& schema,
                                      const CreateOptions& options = {});
  /// Errors: NotFound, with the nearest name.
  Result<Collection> GetCollection(std::string_view name);
  /// The collection, created with one cosine field "vector" of this dimension if it is missing.
  /// Errors: InvalidArgument when it exists with another dimension.
  Result<Collection> GetOrCreateCollection(std::string_view name, std::uint32_t dimension);
  /// Drops a collection with all its data. Errors: NotFound, Conflict (a snapshot holds it).
  Status DropCollection(std::string_view name);
  Result<std::vector<std::string>> ListCollections() const;

  /// What commits did, oldest first: who wrote when, what was kept, added, removed and embedded.
  /// Cost: one pass over the journal, some 100 bytes a commit. Errors: NotFound (the collection).
  Result<std::vector<JournalEntry>> Journal(const JournalQuery& query = {}) const;

  /// Removes the oldest entries of the journal in one atomic step, which has an entry of its own
  /// ("trim_journal", `removed` of them; none where nothing goes). Without it a journal is kept for
  /// ever. Returns how many went. What they said of writers and calls of embedders is missing from
  /// Describe afterwards; documents, versions and their labels are not touched. Errors:
  /// InvalidArgument (no condition), ReadOnly, IOError. Cost: one pass over the journal.
  Result<std::uint64_t> TrimJournal(const JournalTrim& trim);

  /// Holds the data of the last commit under a name, also over restarts, until it is released.
  /// Takes no time and no space by itself; but what is replaced or deleted from then on stays on
  /// the disk. Names: UTF-8, 1 to 255 bytes. Errors: AlreadyExists, InvalidArgument, ReadOnly.
  Result<SnapshotInfo> Snapshot(std::string_view name);
  /// The database as it was at a snapshot, for reading alone: whoever writes through it, or through
  /// its collections, gets ReadOnly. Documents whose time to live has passed since are not served
  /// from it either. It holds its data until it is closed, or this database is, even when the
  /// snapshot is released. Errors: NotFound with the nearest name.
  /// Cost: at the first use of a collection one pass over its records. From 512 chunks on it then
  /// has the memory of their vectors and codes, and is searched by scanning. Handles of one
  /// snapshot share that; of the snapshot read last it stays when all are closed, until the
  /// snapshot is released, another one is read, or the database is closed.
  Result<std::unique_ptr<Database>> At(std::string_view name) const;
  /// Lets go of a snapshot. What it held goes with later commits, all of it with Compact. Errors:
  /// NotFound with the nearest name.
  Status ReleaseSnapshot(std::string_view name);
  /// Those that are held, by name.
  Result<std::vector<SnapshotInfo>> ListSnapshots() const;

  /// Which receipts are kept, and for how long; stored, so that it holds for later opens too. What
  /// is beyond a limit goes at once, and from then on when receipts are written. Errors:
  /// InvalidArgument (slow_ms), ReadOnly, IOError.
  Status SetReceiptPolicy(const ReceiptPolicy& policy);
  Result<ReceiptPolicy> GetReceiptPolicy() const;
  /// Receipts that are kept, newest first. They are written by a thread of the database, some 100
  /// ms after the search at the latest, which is what a kill -9 loses; this call sees all that were
  /// made before it. Cost: some 3 us for each receipt looked at, from `until` back to `since` or to
  /// the limit. Errors: InvalidArgument (outcome), IOError, Corruption.
  Result<std::vector<KeptReceipt>> Receipts(const ReceiptQuery& query = {}) const;
  /// Errors: InvalidArgument (no id of a receipt), NotFound (not kept, or gone with the limits).
  Result<KeptReceipt> GetReceipt(std::string_view id) const;
  /// Notes with a kept receipt what was done with the answer; what is not set stays as it was noted
  /// before. Survives what a write under kAsync does. Errors: InvalidArgument (nothing given, over
  /// 1 MiB, prompt or response for a redacted receipt), NotFound, ReadOnly, IOError.
  Status Annotate(std::string_view receipt_id, const AnnotateRequest& request);
  /// Runs the search of a kept receipt again, without its deadline, and says of each hit that came,
  /// went, moved or has another score why. `at`: "now"; "receipt", the data that the search saw, as
  /// long as the collection was not written since or a snapshot holds it; or a snapshot's name.
  /// Data held by a snapshot is searched by scanning. The replay is not kept. Cost: the search, an
  /// exact one beside it as the referee, some reads for each difference; of a snapshot see At.
  /// Errors: NotFound (receipt, collection, snapshot, "data of commit N was released"), Unsupported
  /// (redacted), Conflict (written during each of four attempts), those of Search.
  Result<tracevec::Replay> Replay(std::string_view receipt_id, std::string_view at = "now");
  /// Why a chunk is not among the hits of a kept receipt: which stage lost it, by which rule. Looks
  /// at the data that the search saw or, where they are gone, at those of now, and says which.
  /// Cost: up to three exact searches of 16,384 hits. Errors: as Replay.
  Result<LostChunk> Why(std::string_view receipt_id, std::string_view chunk_id);

  /// Figures since the database was opened: searches by outcome, latencies of stages, what open
  /// collections hold. For a scraper: no writer holds it up. Cost: some 20 us for each stage of
  /// each collection that was searched.
  Result<MetricsReport> Metrics() const;
  /// Calls `hook` with the receipt of each search from now on, in place of the hook before; null:
  /// none. A search that is under way may still call the one before.
  void SetTraceHook(TraceHook hook);
  /// Stores a pipeline under a name, over one that is there. Names: UTF-8, 1 to 255 bytes. Returns
  /// its hash. Survives a power loss. Errors: those of Pipeline::Check, InvalidArgument (the name),
  /// ReadOnly, IOError.
  Result<std::string> PutPipeline(std::string_view name, const Pipeline& pipeline);
  /// What was stored: callbacks are names. Errors: NotFound with the nearest name, Corruption.
  Result<Pipeline> GetPipeline(std::string_view name) const;
  /// Those that are stored, by name.
  Result<std::vector<PipelineInfo>> ListPipelines() const;
  /// Errors: NotFound with the nearest name, ReadOnly, IOError.
  Status DeletePipeline(std::string_view name);

  /// Stores a set of routes, in the place of one of its name. Durable when it returns. Vectors are
  /// checked as those of a field are; collections and fields that routes name are not. Errors:
  /// InvalidArgument that names the route, ReadOnly, IOError.
  Status PutRoutes(const RouteSet& set);
  /// As stored. At a snapshot it is the present one, as for all of these. Errors: NotFound with the
  /// nearest name.
  Result<RouteSet> Routes(std::string_view name) const;
  /// Errors: NotFound with the nearest name, ReadOnly, IOError.
  Status DeleteRoutes(std::string_view name);
  /// Names of the sets, ascending bytewise.
  Result<std::vector<std::string>> ListRoutes() const;
  /// Which routes of a set a question takes: those whose best utterance scores at least their
  /// threshold, best first, equal scores by name; or none. Cost: a product with each utterance.
  /// Sets that were asked are kept in memory, at most 64. Errors: NotFound, InvalidArgument (the
  /// vector), EmbeddingSpaceMismatch.
  Result<std::vector<RouteMatch>> Route(std::string_view name, std::span<const float> vector,
                                        const RouteOptions& options = {}) const;

  /// Brings the index of each open collection into one segment without dead rows, with `threads`
  /// threads, deletes its documents whose time to live has passed, and has the store give back the
  /// disk that deleted records take, as far as no snapshot holds them. Reads and writes go
  /// on meanwhile. Past 2,000,000 chunks there are several segments, each of no more than that.
  /// Errors: InvalidArgument (threads), ReadOnly, ResourceExhausted, IOError.
  Status Compact(std::uint32_t threads = 2);

  Result<DatabaseStats> Stats() const;
  const std::string& path() const;

  /// Flushes and releases the directory. Waits for calls in flight; later ones return Closed.
  /// Closing twice is OK.
  Status Close();

 private:
  std::unique_ptr<Impl> impl_;
};

/// "0.1.0"
TRACEVEC_EXPORT std::string_view Version();

}  // namespace tracevec
