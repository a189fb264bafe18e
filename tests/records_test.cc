#include "storage/records.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "storage/keys.h"
#include "tests/record_round_trip.h"
#include "tests/test_seed.h"

namespace tracevec {
namespace {

/// Makes random values; small ones, empty ones and extreme ones are frequent.
class RecordMaker {
 public:
  explicit RecordMaker(std::uint64_t seed) : random_(seed) {}

  std::uint64_t Number() { return random_() >> (random_() % 64); }
  std::uint32_t Number32() { return static_cast<std::uint32_t>(Number() & 0xffffffff); }
  bool Coin() { return random_() % 2 == 0; }
  std::size_t Count() { return random_() % 4; }
  std::string Text() {
    std::string text(random_() % 5 == 0 ? random_() % 300 : random_() % 6, '\0');
    for (char& c : text)
      c = static_cast<char>(random_() % 8 == 0 ? random_() : 'a' + random_() % 3);
    return text;
  }
  std::string NonEmptyText() { return Text() + "x"; }
  ContentHash Hash() { return {random_(), random_()}; }
  Timestamp Time() { return Timestamp{static_cast<std::int64_t>(Number())}; }
  Span AnySpan() {
    const std::uint64_t start = Number() / 2;
    return {start, start + Number() / 2};
  }
  Metadata AnyMetadata(int depth = 0) {
    Metadata metadata;
    for (std::size_t i = Count(); i > 0; --i) metadata[Text()] = AnyValue(depth);
    return metadata;
  }
  Value AnyValue(int depth) {
    switch (random_() % (depth > 3 ? 6 : 8)) {
      case 0: return Value();
      case 1: return Value(Coin());
      case 2: return Value(static_cast<std::int64_t>(Number()) * (Coin() ? 1 : -1));
      case 3: return Value(std::ldexp(static_cast<double>(Number()), Coin() ? 3 : -70));
      case 4: return Value(Text());
      case 5: return Value(Time());
      case 6: return Value(AnyMetadata(depth + 1));
      default: break;
    }
    Value::List list;
    for (std::size_t i = Count(); i > 0; --i) list.push_back(AnyValue(depth + 1));
    return Value(std::move(list));
  }

  CollectionRecord Collection() {
    CollectionRecord record;
    record.name = Text();
    for (std::size_t i = Count(); i > 0; --i) {
      const std::string name = Text();
      record.field_numbers[name] = FieldNumber{static_cast<std::uint16_t>(Number())};
      VectorField& field = record.schema.vectors[name];
      field.dimension = Number32();
      field.metric = static_cast<Metric>(random_() % 3);
      field.space = {Text(), Text(), Text(), Text(), Text()};
      field.embed_template = Text();
      if (Coin()) field.codes = static_cast<CodeChoice>(random_() % 3);
    }
    for (std::size_t i = Count() / 2; i > 0; --i) {
      const std::string name = "sparse" + Text();
      if (record.schema.vectors.contains(name)) continue;
      record.schema.sparse_vectors[name];
      record.field_numbers[name] = FieldNumber{static_cast<std::uint16_t>(Number())};
    }
    if (Coin()) {
      record.schema.text = TextField{Text()};
      if (Coin()) record.schema.text->stop_words = {Text(), Text()};
      if (Coin()) record.schema.text->b = 0.25;
    }
    for (std::size_t i = Count(); i > 0; --i) {
      record.schema.metadata[Text()] = static_cast<MetadataType>(random_() % 10);
    }
    if (Coin()) record.sync = Coin();
    for (std::size_t i = Count(); i > 0; --i) record.known_fields.push_back(Text());
    std::sort(record.known_fields.begin(), record.known_fields.end());
    record.known_fields.erase(std::unique(record.known_fields.begin(), record.known_fields.end()),
                              record.known_fields.end());
    if (Coin()) record.kept_versions = Number32();
    if (Coin()) {
      record.chunk_identity = Hash();
      record.next_field = static_cast<std::uint16_t>(Number());
    }
    return record;
  }

  DocumentRecord Document() {
    DocumentRecord record;
    record.number = DocumentNumber{Number()};
    record.version = Number32();
    record.deleted = Coin();
    record.loose = Coin();
    record.commit = CommitNumber{Number()};
    record.next_chunk = Number32();
    record.content_hash = Hash();
    return record;
  }

  VersionEntry Entry() {
    VersionEntry entry;
    entry.chunk = ChunkNumber{Number32()};
    entry.embed_hash = Hash();
    entry.text_hash = random_();
    if (Coin()) entry.repeat = Number32();
    if (Coin()) entry.given_id = Text();
    if (Coin()) {
      entry.span = AnySpan();
      entry.bytes = AnySpan();
    }
    if (Coin()) entry.section = Text();
    if (Coin()) entry.page = Number32();
    if (Coin()) entry.parent = Number32();
    entry.text_apart = Coin();
    return entry;
  }

  VersionRecord Version() {
    VersionRecord record;
    record.document_id = Text();
    record.version = Number32();
    record.commit = CommitNumber{Number()};
    record.created = Time();
    record.deleted = Coin();
    record.loose = Coin();
    record.title = Text();
    record.uri = Text();
    record.parser = Text();
    record.chunker = {Text(), Number32(), Number32()};
    record.metadata = AnyMetadata();
    record.content_hash = Hash();
    if (Coin()) record.expires_at = Time();
    record.label = Text();
    record.kept = Number32();
    record.added = Number32();
    record.removed = Number32();
    record.has_source = Coin();
    for (std::size_t i = Count(); i > 0; --i) record.entries.push_back(Entry());
    return record;
  }

  BodyRecord Body() {
    BodyRecord record;
    record.text = Text();
    if (Coin()) record.token_count = Number32();
    if (Coin()) record.embed_micros = static_cast<double>(Number()) / 8;
    record.asserted_fields = Number();
    for (std::size_t i = Count(); i > 0; --i) {
      record.filled.push_back({FieldNumber{static_cast<std::uint16_t>(random_() % 65'536)},
                               static_cast<double>(Number()) / 8, Coin()});
    }
    return record;
  }

  JournalRecord Journal() {
    JournalRecord record;
    record.time = Time();
    record.collection = CollectionNumber{Number32()};
    record.kind = Text();
    record.label = Text();
    record.document = Text();
    record.documents = Number32();
    record.kept = Number32();
    record.added = Number32();
    record.removed = Number32();
    if (Coin()) record.embedded = Number32();
    for (std::size_t i = Coin() ? Count() : 0; i > 0; --i) {
      EmbedCall& call = record.calls.emplace_back();
      call.field = Text();
      call.texts = Number32();
      call.micros = static_cast<double>(Number()) / 8;
      if (Coin()) {
        call.info = {Text(),    Text(), Number(), Number(), static_cast<double>(Number()) / 8,
                     Number32()};
      }
    }
    return record;
  }

  MigrationRecord Migration() {
    MigrationRecord record;
    record.field = Text();
    record.other_number = FieldNumber{static_cast<std::uint16_t>(Number())};
    record.other.dimension = Number32();
    record.other.metric = static_cast<Metric>(random_() % 3);
    record.other.space = {Text(), Text(), Text(), Text(), Text()};
    record.other.embed_template = Text();
    record.cut_over = Coin();
    record.started = Time();
    return record;
  }

  SnapshotRecord Snapshot() {
    return {CommitNumber{Number()}, Number(), Time(), CollectionNumber{Number32()}};
  }

  PipelineRecord Pipeline() { return {Time(), Text()}; }

  GarbageRecord Garbage() {
    GarbageRecord record;
    record.document = DocumentNumber{Number()};
    record.version = Number32();
    record.whole_document = Coin();
    if (record.whole_document) record.document_id = Text();
    return record;
  }

  template <typename Number>
  std::vector<Number> Ascending(std::uint64_t below) {
    std::vector<Number> numbers;
    for (std::uint64_t n = random_() % 3; n < below && Coin(); n += 1 + random_() % 300) {
      numbers.push_back(static_cast<Number>(n));
    }
    return numbers;
  }

  IndexCheckpointRecord IndexCheckpoint() {
    IndexCheckpointRecord record;
    record.commit = CommitNumber{Number()};
    record.may_expire = Coin();
    for (std::size_t i = 1 + Count(); i > 0; --i) {
      ImageRecord image;
      image.number = Number();
      image.checksum = random_();
      image.rows = Number32() | 1;
      if (Coin()) image.stamp = FileStamp{Number(), Number(), static_cast<std::int64_t>(Number())};
      image.dead = Ascending<std::uint32_t>(image.rows);
      record.images.push_back(std::move(image));
    }
    record.stale_documents = Ascending<DocumentNumber>(~std::uint64_t{0});
    for (std::size_t i = 0; i < record.images.size(); ++i) {
      if (!Coin()) continue;
      record.columns.push_back(
          {i, Number(), random_(), CommitNumber{std::min(Number(), Raw(record.commit))}});
    }
    return record;
  }

  TuningRecord Tuning() {
    TuningRecord record;
    for (const FieldNumber field : Ascending<FieldNumber>(0xffff)) {
      TuneResult& result = record.fields[field];
      result.target_recall = 0.95;
      result.k = 1 + Number32() % 1000;
      result.ef = Number32();
      result.queries = Coin() ? "given" : Coin() ? "recent" : "stored";
      result.used = Number32();
      result.chunks = Number();
      result.commit = Number();
      result.time.micros = static_cast<std::int64_t>(Number());
      result.points = {{1 + Number32() % 100, 0.5, 2.5}, {200, 1, 3}};
    }
    return record;
  }

  KeptReceipt Receipt() {
    KeptReceipt receipt;
    receipt.collection = Text();
    receipt.label = Text();
    receipt.plan = Text();
    receipt.k = Number32();
    receipt.commit = Number();
    receipt.query_hash = Number();
    receipt.total_micros = 1.5;
    receipt.space.model = Text();
    receipt.exact = Coin();
    for (std::size_t i = random_() % 3; i > 0; --i) {
      receipt.stages.push_back({Text(), 2.5, Number(), Number()});
      SearchPart& part = receipt.parts.emplace_back();
      part.way = Text();
      if (Coin()) part.matches = Number();
      receipt.sources.push_back(
          {Coin() ? "dense" : "sparse", Text(), Number32(), 0.5, Number(), Number(), Number()});
    }
    receipt.redacted = Coin();
    if (receipt.redacted) return receipt;
    receipt.filter = Text();
    receipt.query.text = Text();
    receipt.query.vector.assign(random_() % 4, 0.25F);
    receipt.query.field = Text();
    for (std::size_t i = random_() % 3; i > 0; --i) {
      AskedPhrasing& phrasing = receipt.query.phrasings.emplace_back();
      phrasing.text = Text();
      phrasing.vectors.push_back({Text(), {0.5F, -1}});
      if (Coin()) phrasing.sparse_vectors.push_back({Text(), Sparse()});
      receipt.query.sparse_vectors.push_back({Text(), Coin() ? Sparse() : SparseVector()});
    }
    if (Coin()) receipt.query.ef = Number32();
    if (Coin()) receipt.query.deadline_ms = 20;
    receipt.query.fusion.method = Coin() ? FusionMethod::kDbsf : FusionMethod::kRrf;
    const bool ledger = Coin();
    for (std::size_t i = random_() % 3; i > 0; --i) {
      const std::string document = Text();
      receipt.hits.push_back({document + Text(), 0.5F, document, Number32(), std::nullopt});
      if (Coin()) receipt.hits.back().span = Span{3, 9};
      if (!ledger) continue;
      ReceiptLedgerEntry& entry = receipt.ledger.emplace_back();
      for (std::uint32_t s = 0; s < receipt.sources.size(); ++s) {
        if (Coin()) entry.sources.push_back({s, Number32(), 0.25F});
      }
    }
    return receipt;
  }
  ReceiptAnnotation Annotation() {
    ReceiptAnnotation annotation;
    annotation.time.micros = static_cast<std::int64_t>(Number());
    annotation.prompt = Text();
    annotation.usage = AnyMetadata();
    if (Coin()) annotation.rating = -1;
    return annotation;
  }
  SparseVector Sparse() {
    SparseVector vector;
    for (const FieldNumber index : Ascending<FieldNumber>(0xffff)) {
      vector.indices.push_back(Raw(index) * 65'537U);
      vector.values.push_back(static_cast<float>(Number32()) / 16);
    }
    if (vector.indices.empty()) vector = {{Number32()}, {0}};
    return vector;
  }
  RouteSet Routes() {
    RouteSet set;
    set.dimension = Number32() % 4;
    set.metric = static_cast<Metric>(random_() % 3);
    set.space = {Text(), Text(), Text(), Text(), Text()};
    for (std::size_t i = Count(); i > 0; --i) {
      SemanticRoute& route = set.routes.emplace_back();
      route.name = Text();
      route.threshold = static_cast<double>(Number32()) / 7;
      if (Coin()) route.collections = {Text(), Text()};
      if (Coin()) route.where = Filter("year >= 2020");
      for (std::size_t u = Count(); u > 0; --u) route.utterances.push_back(Text());
      route.vectors.assign(route.utterances.size() * set.dimension, 1.5F);
    }
    return set;
  }

  std::vector<DocumentNumber> IndexChange() { return Ascending<DocumentNumber>(~std::uint64_t{0}); }

  /// The encoding of some record of some kind.
  std::string AnyEncoding() {
    switch (random_() % 22) {
      case 0: return EncodeFormat({Number32(), Number(), Text()});
      case 1: return EncodeCommit({CommitNumber{Number()}, Number()});
      case 2: return EncodeCollection(Collection());
      case 3: return EncodeCounters({Number(), Number(), Number(), CommitNumber{Number()}});
      case 4: return EncodeDocument(Document());
      case 5: return EncodeBody(Body());
      case 6: return EncodeChunkMetadata({AnyMetadata(), AnyMetadata()});
      case 7: return EncodeJournal(Journal());
      case 8: return EncodeGarbage(Garbage());
      case 9: return EncodeChunkOwners({DocumentNumber{Number()}, DocumentNumber{Number()}});
      case 10: return EncodeMarker({FormatRecord::kCurrentVersion, Marker::State::kReady});
      case 11: return EncodeIndexCheckpoint(IndexCheckpoint());
      case 12: return EncodeIndexChange(IndexChange());
      case 13: return EncodeSnapshot(Snapshot());
      case 14: return EncodeMigration(Migration());
      case 15: return EncodeTuning(Tuning());
      case 16: return EncodeReceipt(Receipt());
      case 17: return EncodeAnnotation(Annotation());
      case 18: return EncodeSparseVector(Sparse());
      case 19: return EncodeRoutes(Routes());
      case 20: return EncodePipeline(Pipeline());
      default: return EncodeVersion(Version());
    }
  }

  std::string Mutate(std::string bytes) {
    for (std::size_t i = 1 + random_() % 3; i > 0; --i) {
      const std::size_t at = bytes.empty() ? 0 : random_() % bytes.size();
      switch (random_() % 5) {
        case 0: bytes.resize(at); break;
        case 1: bytes.insert(at, 1, static_cast<char>(random_())); break;
        case 2: bytes.insert(at, bytes.substr(random_() % (bytes.size() + 1), 9)); break;
        case 3:
          if (!bytes.empty()) bytes.erase(at, 1);
          break;
        default:
          if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << random_() % 8));
          break;
      }
    }
    return bytes;
  }

  std::string RandomBytes() {
    std::string bytes(random_() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random_() >> (random_() % 8));
    return bytes;
  }

 private:
  std::mt19937_64 random_;
};

TEST(Records, EncodingIsInvertedByDecoding) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  RecordMaker make(seed);
  for (std::size_t i = TestIterations(5000); i > 0; --i) {
    const VersionRecord version = make.Version();
    const auto decoded = DecodeVersion(EncodeVersion(version));
    ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
    ASSERT_EQ(decoded->entries.size(), version.entries.size());
    for (std::size_t e = 0; e < version.entries.size(); ++e) {
      ASSERT_EQ(decoded->entries[e].span, version.entries[e].span);
      ASSERT_EQ(decoded->entries[e].bytes, version.entries[e].bytes);
      ASSERT_EQ(decoded->entries[e].page, version.entries[e].page);
      ASSERT_EQ(decoded->entries[e].parent, version.entries[e].parent);
      ASSERT_EQ(decoded->entries[e].section, version.entries[e].section);
    }
    ASSERT_EQ(decoded->metadata, version.metadata);
    ASSERT_EQ(decoded->expires_at, version.expires_at);
    ASSERT_EQ(decoded->chunker, version.chunker);
    ASSERT_EQ(EncodeVersion(*decoded), EncodeVersion(version));

    const CollectionRecord collection = make.Collection();
    const auto collection_again = DecodeCollection(EncodeCollection(collection));
    ASSERT_TRUE(collection_again.ok()) << collection_again.status().ToString();
    ASSERT_EQ(collection_again->schema, collection.schema);
    ASSERT_EQ(collection_again->field_numbers, collection.field_numbers);
    ASSERT_EQ(collection_again->sync, collection.sync);
    ASSERT_EQ(collection_again->known_fields, collection.known_fields);
    ASSERT_EQ(collection_again->kept_versions, collection.kept_versions);
    ASSERT_EQ(collection_again->chunk_identity.has_value(), collection.chunk_identity.has_value());
    ASSERT_EQ(collection_again->next_field, collection.next_field);

    const BodyRecord body = make.Body();
    const auto body_again = DecodeBody(EncodeBody(body));
    ASSERT_TRUE(body_again.ok()) << body_again.status().ToString();
    ASSERT_EQ(body_again->token_count, body.token_count);
    ASSERT_EQ(body_again->embed_micros, body.embed_micros);
    ASSERT_EQ(body_again->text, body.text);
    ASSERT_EQ(body_again->filled, body.filled);
  }
}

TEST(Records, WhateverIsEncodedIsAcceptedAsItself) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  RecordMaker make(seed);
  for (std::size_t i = TestIterations(2000); i > 0; --i) {
    const auto same = [](const auto& decoded, const std::string& bytes, auto encode) {
      return decoded.ok() && encode(*decoded) == bytes;
    };
    const std::string document = EncodeDocument(make.Document());
    ASSERT_TRUE(same(DecodeDocument(document), document, EncodeDocument));
    const std::string journal = EncodeJournal(make.Journal());
    ASSERT_TRUE(same(DecodeJournal(journal), journal, EncodeJournal));
    const std::string migration = EncodeMigration(make.Migration());
    ASSERT_TRUE(same(DecodeMigration(migration), migration, EncodeMigration));
    const std::string snapshot = EncodeSnapshot(make.Snapshot());
    ASSERT_TRUE(same(DecodeSnapshot(snapshot), snapshot, EncodeSnapshot));
    const std::string pipeline = EncodePipeline(make.Pipeline());
    ASSERT_TRUE(same(DecodePipeline(pipeline), pipeline, EncodePipeline));
    const std::string garbage = EncodeGarbage(make.Garbage());
    ASSERT_TRUE(same(DecodeGarbage(garbage), garbage, EncodeGarbage));
    const std::string checkpoint = EncodeIndexCheckpoint(make.IndexCheckpoint());
    ASSERT_TRUE(same(DecodeIndexCheckpoint(checkpoint), checkpoint, EncodeIndexCheckpoint));
    const SparseVector sparse = make.Sparse();
    const std::string sparse_bytes = EncodeSparseVector(sparse);
    ASSERT_EQ(*DecodeSparseVector(sparse_bytes), sparse);
    const std::string routes = EncodeRoutes(make.Routes());
    ASSERT_TRUE(same(DecodeRoutes("", routes), routes, EncodeRoutes));
    const TuningRecord tuning = make.Tuning();
    const std::string tuning_bytes = EncodeTuning(tuning);
    ASSERT_TRUE(same(DecodeTuning(tuning_bytes), tuning_bytes, EncodeTuning));
    ASSERT_EQ(DecodeTuning(tuning_bytes)->fields, tuning.fields);
    const KeptReceipt receipt = make.Receipt();
    const std::string receipt_bytes = EncodeReceipt(receipt);
    ASSERT_TRUE(same(DecodeReceipt(receipt_bytes), receipt_bytes, EncodeReceipt));
    ASSERT_EQ(DecodeReceipt(receipt_bytes)->hits, receipt.hits);
    ASSERT_EQ(DecodeReceipt(receipt_bytes)->query.phrasings, receipt.query.phrasings);
    ASSERT_EQ(DecodeReceipt(receipt_bytes)->query.sparse_vectors, receipt.query.sparse_vectors);
    const std::string note = EncodeAnnotation(make.Annotation());
    ASSERT_TRUE(same(DecodeAnnotation(note), note, EncodeAnnotation));
    const std::string change = EncodeIndexChange(make.IndexChange());
    ASSERT_TRUE(same(DecodeIndexChange(change), change, EncodeIndexChange));
    const std::string metadata = EncodeChunkMetadata({make.AnyMetadata(), make.AnyMetadata()});
    ASSERT_TRUE(same(DecodeChunkMetadata(metadata), metadata, EncodeChunkMetadata));
    const std::string counters =
        EncodeCounters({make.Number(), make.Number(), make.Number(), CommitNumber{make.Number()}});
    ASSERT_TRUE(same(DecodeCounters(counters), counters, EncodeCounters));
    const std::string format = EncodeFormat({make.Number32(), make.Number(), make.Text()});
    ASSERT_TRUE(same(DecodeFormat(format), format, EncodeFormat));
  }
}

TEST(Records, DamagedBytesAreRefusedOrMeanThemselves) {
  const std::uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedMessage(seed));
  RecordMaker make(seed);
  for (std::size_t i = TestIterations(20000); i > 0; --i) {
    ASSERT_EQ(CheckEveryDecoder(make.Mutate(make.AnyEncoding())), "");
    ASSERT_EQ(CheckEveryDecoder(make.RandomBytes()), "");
  }
}

TEST(Records, EveryPrefixOfARecordIsRefused) {
  RecordMaker make(1);
  VersionRecord version = make.Version();
  version.entries.push_back(make.Entry());
  const std::string bytes = EncodeVersion(version);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeVersion(bytes.substr(0, size)).status().code(), StatusCode::kCorruption)
        << size;
  }
}

TEST(Records, HaveTheBytesOfTheFormat) {
  DocumentRecord document;
  document.number = DocumentNumber{300};
  document.version = 2;
  document.loose = true;
  document.commit = CommitNumber{5};
  document.next_chunk = 1;
  document.content_hash = {1, 2};
  const std::string expected("\xac\x02\x02\x02\x05\x01\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0", 22);
  EXPECT_EQ(EncodeDocument(document), expected);
  EXPECT_EQ(EncodeCleanShutdown(true), "\x01");
  EXPECT_EQ(EncodeCollectionNumber(CollectionNumber{258}), std::string("\x02\x01\0\0", 4));
}

TEST(Records, TrailingFieldsAreLeftOutAtTheirDefaults) {
  EXPECT_EQ(EncodeSnapshot({CommitNumber{300}, 2, Timestamp{-1}, CollectionNumber{3}}),
            "\xac\x02\x02\x01\x03");
  EXPECT_EQ(EncodePipeline({Timestamp{-1}, "{}"}), "\x01\x02{}");
  JournalRecord journal;
  journal.kind = "put";
  const std::string plain = EncodeJournal(journal);
  EXPECT_EQ(plain, std::string("\0\0\x03put\0\0\0\0\0\0", 12));
  EXPECT_FALSE(DecodeJournal(plain + std::string("\0\0", 2)).ok());  // Both announced, both 0.
  journal.embedded = 2;
  journal.calls.push_back({"f", 2, 0, std::nullopt});
  EXPECT_EQ(EncodeJournal(journal), plain + std::string("\x02\x01\x01"
                                                        "f\x02\0\0\0\0\0\0\0\0\0",
                                                        14));
  CollectionRecord collection;
  const std::string without = EncodeCollection(collection);
  EXPECT_FALSE(DecodeCollection(without + "\x01").ok());  // As many as by default.
  collection.kept_versions = 5;
  EXPECT_EQ(EncodeCollection(collection), without + "\x05");
  collection.kept_versions = CollectionRecord::kDefaultKeptVersions;
  collection.chunk_identity = ContentHash{1, 2};
  collection.next_field = 7;
  const std::string identity("\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x07", 17);
  EXPECT_EQ(EncodeCollection(collection), without + "\x01" + identity);
  CollectionRecord sparse;
  sparse.schema.sparse_vectors["s"];
  sparse.field_numbers["s"] = FieldNumber{3};
  EXPECT_EQ(EncodeCollection(sparse).substr(0, 6), std::string("\0\0\x10\x01\x01s", 6));
  EXPECT_EQ(EncodeSparseVector({{1, 258}, {1, -2}}),
            std::string("\x01\0\0\0\x02\x01\0\0\0\0\x80\x3f\0\0\0\xc0", 16));
  EXPECT_FALSE(DecodeSparseVector("").ok());
  EXPECT_FALSE(DecodeSparseVector(EncodeSparseVector({{2, 1}, {1, 1}})).ok());
  EXPECT_FALSE(DecodeSparseVector(EncodeSparseVector({{1}, {std::nanf("")}})).ok());
  BodyRecord body;
  const std::string unfilled = EncodeBody(body);
  EXPECT_FALSE(DecodeBody(unfilled + std::string(1, '\0')).ok());  // None, as by default.
  body.filled = {{FieldNumber{7}, 0.0, true}};
  EXPECT_EQ(EncodeBody(body), unfilled + std::string("\x01\x07\0\0\0\0\0\0\0\0\x01", 11));
  MigrationRecord migration;
  migration.field = "f";
  migration.other_number = FieldNumber{4};
  migration.other.dimension = 3;
  migration.other.space.model = "m";
  migration.other.embed_template = "t";
  migration.cut_over = true;
  migration.started = Timestamp{1};
  EXPECT_EQ(EncodeMigration(migration), std::string("\x01"
                                                    "f\x04\x03\0\x01"
                                                    "m\0\0\0\0\x01"
                                                    "t\x01\x02",
                                                    15));
}

TEST(Records, AnEntryWithoutExtrasTakes26Bytes) {
  VersionRecord record;
  const std::size_t without = EncodeVersion(record).size();
  record.entries.emplace_back();
  EXPECT_EQ(EncodeVersion(record).size(), without + 26);
}

TEST(Records, AnnouncedButEmptyFieldsAreRefused) {
  EXPECT_TRUE(DecodeBody(EncodeBody({})).ok());
  EXPECT_FALSE(DecodeBody(std::string("\x02\0\0\0\0\0\0\0\0\0\0", 11)).ok());  // A time of 0.
  EXPECT_FALSE(DecodeBody(std::string("\x04\0\0", 3)).ok());                   // An unknown flag.
}

TEST(Records, ChunkIdsAreGivenOrMadeOfDocumentHashAndRepeat) {
  VersionRecord version;
  version.document_id = "doc";
  VersionEntry entry;
  entry.text_hash = 0xabc;
  EXPECT_EQ(ChunkId(version, entry), "doc#0000000000000abc");
  entry.repeat = 1;
  EXPECT_EQ(ChunkId(version, entry), "doc#0000000000000abc-2");
  entry.given_id = "given";
  EXPECT_EQ(ChunkId(version, entry), "given");
  version.loose = true;
  EXPECT_EQ(ChunkId(version, entry), "doc");
}

TEST(Keys, ByteOrderIsNumberOrderAndNewestFirst) {
  const CollectionNumber c{7};
  EXPECT_LT(keys::Body(c, DocumentNumber{255}, ChunkNumber{9}),
            keys::Body(c, DocumentNumber{256}, ChunkNumber{0}));
  EXPECT_LT(keys::Body(c, DocumentNumber{1}, ChunkNumber{255}),
            keys::Body(c, DocumentNumber{1}, ChunkNumber{256}));
  EXPECT_LT(keys::Version(c, DocumentNumber{1}, 300), keys::Version(c, DocumentNumber{1}, 2));
  EXPECT_LT(keys::ChunkMetadata(c, DocumentNumber{1}, ChunkNumber{1}, CommitNumber{300}),
            keys::ChunkMetadata(c, DocumentNumber{1}, ChunkNumber{1}, CommitNumber{2}));
  EXPECT_LT(keys::Journal(CommitNumber{255}), keys::Journal(CommitNumber{256}));
}

TEST(Keys, ParsingGivesBackTheParts) {
  const CollectionNumber c{0x01020304};
  const DocumentNumber d{0x1122334455667788};
  const auto version = keys::ParseVersion(keys::Version(c, d, 7));
  ASSERT_TRUE(version.ok());
  EXPECT_EQ(version->document, d);
  EXPECT_EQ(version->version, 7u);
  const auto metadata =
      keys::ParseChunkMetadata(keys::ChunkMetadata(c, d, ChunkNumber{8}, CommitNumber{9}));
  ASSERT_TRUE(metadata.ok());
  EXPECT_EQ(metadata->document, d);
  EXPECT_EQ(metadata->chunk, ChunkNumber{8});
  EXPECT_EQ(metadata->commit, CommitNumber{9});
  const auto vector = keys::ParseVector(keys::Vector(c, FieldNumber{3}, d, ChunkNumber{8}));
  ASSERT_TRUE(vector.ok());
  EXPECT_EQ(vector->document, d);
  EXPECT_EQ(vector->chunk, ChunkNumber{8});
  const auto body = keys::ParseBody(keys::Body(c, d, ChunkNumber{8}));
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(body->chunk, ChunkNumber{8});
  const auto journal = keys::ParseJournal(keys::Journal(CommitNumber{12}));
  ASSERT_TRUE(journal.ok());
  EXPECT_EQ(*journal, CommitNumber{12});
  EXPECT_FALSE(keys::ParseJournal(keys::Journal(CommitNumber{12}) + "x").ok());
  const keys::Owner owner{c, d};
  EXPECT_EQ(keys::OwnerOf(keys::Version(c, d, 7)), owner);
  EXPECT_EQ(keys::OwnerOf(keys::Body(c, d, ChunkNumber{8})), owner);
  EXPECT_EQ(keys::OwnerOf(keys::Vector(c, FieldNumber{3}, d, ChunkNumber{8})), owner);
  EXPECT_FALSE(keys::OwnerOf(keys::Document(c, "a document's id")));
  EXPECT_FALSE(keys::OwnerOf("v"));
  const auto garbage = keys::ParseGarbage(keys::Garbage(c, CommitNumber{12}, 1));
  ASSERT_TRUE(garbage.ok());
  EXPECT_EQ(*garbage, CommitNumber{12});
}

TEST(Keys, OfReceiptsComeNewestFirst) {
  const keys::ReceiptKey early = {5, 9};
  const keys::ReceiptKey late = {6, 1};
  EXPECT_LT(keys::Receipt(late), keys::Receipt(early));
  EXPECT_EQ(*keys::ParseReceipt(keys::Receipt(late)), late);
  EXPECT_EQ(*keys::ParseReceipt(keys::Annotation(early)), early);
  EXPECT_EQ(keys::ParseReceipt(keys::Receipt(late) + "x").status().code(), StatusCode::kCorruption);
  EXPECT_TRUE(keys::IsOfReceipt(keys::Receipt(late)) && keys::IsOfReceipt(keys::Annotation(late)));
  EXPECT_FALSE(keys::IsOfReceipt(keys::Commit()) || keys::IsOfReceipt(keys::ReceiptPolicy()));
}

TEST(Keys, OfAnotherKindOrLengthAreCorruption) {
  const std::string body = keys::Body(CollectionNumber{1}, DocumentNumber{1}, ChunkNumber{1});
  EXPECT_EQ(keys::ParseVersion(body).status().code(), StatusCode::kCorruption);
  EXPECT_EQ(keys::ParseBody(body + "x").status().code(), StatusCode::kCorruption);
  EXPECT_EQ(keys::ParseBody("").status().code(), StatusCode::kCorruption);
}

TEST(Keys, OfACollectionStartWithAKindAndItsNumber) {
  const CollectionNumber c{5};
  const DocumentNumber d{6};
  const std::vector<std::string> all = {keys::Collection(c),
                                        keys::Counters(c),
                                        keys::Document(c, "id"),
                                        keys::Version(c, d, 1),
                                        keys::Source(c, d, 1),
                                        keys::Body(c, d, ChunkNumber{1}),
                                        keys::ChunkMetadata(c, d, ChunkNumber{1}, CommitNumber{1}),
                                        keys::ChunkId(c, "id"),
                                        keys::Garbage(c, CommitNumber{1}, 0),
                                        keys::Migration(c),
                                        keys::Tuning(c),
                                        keys::IndexCheckpoint(c),
                                        keys::IndexChange(c, CommitNumber{1}),
                                        keys::Vector(c, FieldNumber{0}, d, ChunkNumber{1})};
  std::string kinds;
  for (const std::string& key : all) {
    kinds.push_back(key[0]);
    EXPECT_TRUE(key.starts_with(keys::KindAndCollectionPrefix(key[0], c)));
  }
  EXPECT_EQ(kinds, keys::CollectionKinds());
  EXPECT_EQ(keys::TableOf(all.back()[0]), Table::kVectors);
  EXPECT_EQ(keys::TableOf(all.front()[0]), Table::kRecords);
}

TEST(Marker, HasTheBytesOfTheFormat) {
  const std::string ready = EncodeMarker({1, Marker::State::kReady});
  EXPECT_EQ(ready.substr(0, ready.size() - 26), "TraceVec database\nformat 1\nstate ready\n");
  EXPECT_EQ(DecodeMarker(ready)->state, Marker::State::kReady);
  const std::string creating = EncodeMarker({1, Marker::State::kCreating});
  EXPECT_EQ(DecodeMarker(creating)->state, Marker::State::kCreating);
}

TEST(Marker, OfANewerFormatSaysWhatReadsIt) {
  const Status status = DecodeMarker(EncodeMarker({2, Marker::State::kReady})).status();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_NE(status.message().find("needs a version of TraceVec that reads format 2"),
            std::string::npos);
}

TEST(Marker, DamageIsCorruptionAndNeverANewerFormat) {
  const std::string ready = EncodeMarker({1, Marker::State::kReady});
  for (std::size_t i = 0; i < ready.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = ready;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      EXPECT_EQ(DecodeMarker(damaged).status().code(), StatusCode::kCorruption) << i;
    }
    EXPECT_EQ(DecodeMarker(ready.substr(0, i)).status().code(), StatusCode::kCorruption) << i;
  }
  EXPECT_EQ(DecodeMarker(ready + "\n").status().code(), StatusCode::kCorruption);
}

}  // namespace
}  // namespace tracevec
