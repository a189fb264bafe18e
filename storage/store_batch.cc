#include <fmt/format.h>
#include <rocksdb/comparator.h>

#include "storage/store_errors.h"
#include "storage/store_state.h"

namespace tracevec {
namespace {

/// Says to a WriteBatch which column family a key is for. A batch needs the number alone, and knows
/// it without a store: numbers are constants of the format.
class TableId : public rocksdb::ColumnFamilyHandle {
 public:
  TableId(Table table, std::string name)
      : id_(static_cast<std::uint32_t>(table)), name_(std::move(name)) {}
  const std::string& GetName() const override { return name_; }
  std::uint32_t GetID() const override { return id_; }
  rocksdb::Status GetDescriptor(rocksdb::ColumnFamilyDescriptor* /*descriptor*/) override {
    return rocksdb::Status::NotSupported();
  }
  const rocksdb::Comparator* GetComparator() const override {
    return rocksdb::BytewiseComparator();
  }

 private:
  std::uint32_t id_;
  std::string name_;
};

rocksdb::ColumnFamilyHandle* IdOf(Table table) {
  static TableId records(Table::kRecords, rocksdb::kDefaultColumnFamilyName);
  static TableId vectors(Table::kVectors, kVectorsName);
  return table == Table::kRecords ? &records : &vectors;
}

}  // namespace

StoreBatch::StoreBatch() : impl_(std::make_unique<Impl>()) {}
StoreBatch::~StoreBatch() = default;
StoreBatch::StoreBatch(StoreBatch&&) noexcept = default;
StoreBatch& StoreBatch::operator=(StoreBatch&&) noexcept = default;

void StoreBatch::Put(Table table, std::string_view key, std::string_view value) {
  const Status status = WithoutExceptions(
      [&] { return FromRocksdb(impl_->batch.Put(IdOf(table), key, value), "batch"); });
  if (impl_->status.ok()) impl_->status = status;
}

void StoreBatch::Delete(Table table, std::string_view key) {
  const Status status = WithoutExceptions(
      [&] { return FromRocksdb(impl_->batch.Delete(IdOf(table), key), "batch"); });
  if (impl_->status.ok()) impl_->status = status;
}

void StoreBatch::DeletePrefix(Table table, std::string_view prefix) {
  const Status status = WithoutExceptions([&]() -> Status {
    const std::optional<std::string> end = PrefixSuccessor(prefix);
    if (!end) return Status::InvalidArgument("batch: a prefix to delete is empty or all 0xff");
    return FromRocksdb(impl_->batch.DeleteRange(IdOf(table), prefix, *end), "batch");
  });
  if (impl_->status.ok()) impl_->status = status;
}

void StoreBatch::DeleteRange(Table table, std::string_view first, std::string_view last) {
  const Status status = WithoutExceptions(
      [&] { return FromRocksdb(impl_->batch.DeleteRange(IdOf(table), first, last), "batch"); });
  if (impl_->status.ok()) impl_->status = status;
}

bool StoreBatch::empty() const { return impl_->batch.Count() == 0; }
std::uint64_t StoreBatch::size_bytes() const { return impl_->batch.GetDataSize(); }

void StoreBatch::Clear() {
  impl_->batch.Clear();
  impl_->status = Status::Ok();
}

}  // namespace tracevec
