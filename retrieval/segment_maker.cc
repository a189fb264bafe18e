#include "retrieval/segment_maker.h"

#include <new>

#include <utility>

#include <fmt/format.h>

#include "core/return_if_error.h"
#include "index/memory_image.h"
#include "index/segment_builder.h"
#include "retrieval/column_files.h"
#include "retrieval/index_checkpoint.h"

namespace tracevec {
namespace {

/// Small segments are soon merged into larger ones.
constexpr std::size_t kLeastRowsBuiltThoroughly = 16'384;

/// Passes on, and asks at each piece whether it is time to stop.
class StoppableSink final : public ImageSink {
 public:
  StoppableSink(ImageSink* sink, const BuildStop& stop) : sink_(sink), stop_(stop) {}
  Status Reserve(std::size_t bytes) override { return sink_->Reserve(bytes); }
  Status Append(const void* data, std::size_t bytes) override {
    CheckStop(stop_);
    return sink_->Append(data, bytes);
  }

 private:
  ImageSink* sink_;
  const BuildStop& stop_;
};

Result<std::shared_ptr<const ImageBytes>> WriteToFile(Engine& engine, const CollectionState& state,
                                                      const SegmentBuilder& builder,
                                                      const BuildStop& stop) {
  TRACEVEC_ASSIGN_OR_RETURN(auto writer, engine.store().image_files().Create());
  StoppableSink sink(writer.get(), stop);
  TRACEVEC_RETURN_IF_ERROR(builder.Write(state.number, &sink));
  TRACEVEC_ASSIGN_OR_RETURN(std::shared_ptr<const ImageBytes> image, writer->Finish());
  return image;
}

std::optional<CodeKind> KindOf(CodeChoice choice) {
  if (choice == CodeChoice::kAuto) return std::nullopt;
  return choice == CodeChoice::kInt4 ? CodeKind::kInt4 : CodeKind::kInt8;
}

Result<std::shared_ptr<const ImageBytes>> WriteImage(Engine& engine, CollectionState& state,
                                                     const SegmentBuilder& builder,
                                                     const BuildStop& stop) {
  if (!engine.read_only() && builder.rows().size() >= engine.index_options().least_rows_of_file) {
    auto written = WriteToFile(engine, state, builder, stop);
    if (written.ok()) return written;
    state.warnings.Add(
        fmt::format("part of the index stays in memory, since it could not be "
                    "written: {}",
                    written.status().message()));
  }
  auto memory = std::make_shared<MemoryImage>();
  TRACEVEC_RETURN_IF_ERROR(builder.Write(state.number, memory.get()));
  return std::shared_ptr<const ImageBytes>(std::move(memory));
}

/// Makes columns before the first filter asks for them. Without memory for them there are none.
void MakeFirstColumns(Engine& engine, CollectionState& state, Segment& segment, CommitNumber as_of,
                      const BuildStop& stop) {
  try {
    auto columns = segment.MakeColumns(as_of, state.DeclaredFields(), stop);
    if (FileOf(segment) != nullptr) KeepColumns(engine.store(), state, segment, *columns);
    segment.PutColumns(std::move(columns));
  } catch (const std::bad_alloc&) {
  } catch (const BuildStopped&) {
    DiscardSegment(engine, segment);
    throw;
  }
}

}  // namespace

Result<std::shared_ptr<Segment>> MakeSegment(Engine& engine, CollectionState& state,
                                             const CollectionIndex& index,
                                             CollectionIndex::Build* build, std::size_t threads,
                                             const BuildStop& stop) {
  build->ListRows();
  if (build->rows.empty()) return std::shared_ptr<Segment>();
  SegmentBuilder builder(index.fields(), build->rows, build->as_of, engine.kernels());
  SegmentBuildOptions options;
  options.threads = threads;
  options.thorough = build->rows.size() >= kLeastRowsBuiltThoroughly;
  options.reuse_graphs = !build->even_so;  // A rebuild owes nothing to what was there.
  for (const BoundField& field : state.fields) options.codes.push_back(KindOf(field.field.codes));
  options.analyzer = index.analyzer();
  options.sparse_fields = index.sparse_fields();
  options.stop = stop;
  builder.Build(options);
  TRACEVEC_ASSIGN_OR_RETURN(auto image, WriteImage(engine, state, builder, stop));
  state.graph_insertions += builder.insertions();
  const auto* file = dynamic_cast<const ImageFile*>(image.get());
  const std::uint64_t number = file == nullptr ? 0 : file->number();
  auto segment = Segment::Open(std::move(image), index.fields(), state.number,
                               /*check_contents=*/false, index.analyzer(), index.sparse_fields());
  if (!segment.ok() && number != 0) {
    engine.store().image_files().Remove(number).IgnoreError("the next open removes it");
  }
  if (segment.ok()) MakeFirstColumns(engine, state, **segment, build->as_of, stop);
  return segment;
}

void DiscardSegment(Engine& engine, const Segment& segment) {
  for (const std::uint64_t file : FilesOf(segment)) {
    engine.store().image_files().Remove(file).IgnoreError("the next open removes it");
  }
}

}  // namespace tracevec
