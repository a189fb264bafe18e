#include "retrieval/column_files.h"

#include <utility>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "retrieval/guard.h"
#include "storage/image_files.h"

namespace tracevec {
namespace {

const ImageFile* FileBehind(const std::shared_ptr<const ImageBytes>& bytes) {
  return dynamic_cast<const ImageFile*>(bytes.get());
}

}  // namespace

std::vector<std::uint64_t> FilesOf(const Segment& segment) {
  std::vector<std::uint64_t> numbers;
  if (const ImageFile* image = FileBehind(segment.image())) numbers.push_back(image->number());
  const auto columns = segment.columns_file();
  if (columns == nullptr) return numbers;
  if (const ImageFile* file = FileBehind(columns->bytes)) numbers.push_back(file->number());
  return numbers;
}

std::optional<ColumnsRecord> RecordOf(const ColumnsFile* file, std::uint64_t image) {
  const ImageFile* bytes = file != nullptr ? FileBehind(file->bytes) : nullptr;
  if (bytes == nullptr) return std::nullopt;
  return ColumnsRecord{image, bytes->number(), file->checksum, file->as_of};
}

Result<std::shared_ptr<const ColumnsFile>> WriteColumnsFile(Store& store, const Segment& segment,
                                                            const ColumnGeneration& generation) {
  TRACEVEC_ASSIGN_OR_RETURN(auto writer, store.image_files().Create(ImageKind::kColumns));
  auto file = std::make_shared<ColumnsFile>();
  TRACEVEC_ASSIGN_OR_RETURN(file->checksum, segment.WriteColumnsFile(generation, writer.get()));
  TRACEVEC_ASSIGN_OR_RETURN(file->bytes, writer->Finish());
  file->as_of = generation.as_of;
  return std::shared_ptr<const ColumnsFile>(std::move(file));
}

void KeepColumns(Store& store, CollectionState& state, Segment& segment,
                 const ColumnGeneration& generation) {
  std::shared_ptr<const ColumnsFile> file;
  const Status written = Guard([&]() -> Status {
    TRACEVEC_ASSIGN_OR_RETURN(file, WriteColumnsFile(store, segment, generation));
    return Status::Ok();
  });
  segment.SetColumnsFile(std::move(file));
  if (written.ok()) return;
  state.warnings.Add(fmt::format(
      "columns of filters will be made again after the next open, since they could not be "
      "written: {}",
      written.message()));
}

Result<std::shared_ptr<const ColumnsFile>> OpenColumnsFile(const Store& store,
                                                           const ColumnsRecord& record) {
  auto file = std::make_shared<ColumnsFile>();
  TRACEVEC_ASSIGN_OR_RETURN(file->bytes,
                            store.image_files().Open(record.number, ImageKind::kColumns));
  file->checksum = record.checksum;
  file->as_of = record.as_of;
  file->unread = true;
  return std::shared_ptr<const ColumnsFile>(std::move(file));
}

}  // namespace tracevec
