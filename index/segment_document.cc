#include "index/segment_document.h"

#include <utility>

#include "core/codec.h"

namespace tracevec {
namespace {

constexpr std::uint8_t kLoose = 1;
constexpr std::uint8_t kExpires = 2;

}  // namespace

std::string EncodeSegmentDocument(const DocumentState& document) {
  Encoder encoder;
  encoder.PutFixed64(Raw(document.number));
  encoder.PutString(document.id);
  encoder.PutVarint(document.version);
  encoder.PutVarint(document.chunk_count);
  encoder.PutByte(static_cast<std::uint8_t>((document.loose ? kLoose : 0) |
                                            (document.expires_at ? kExpires : 0)));
  if (document.expires_at) encoder.PutSignedVarint(document.expires_at->micros);
  encoder.PutMetadata(document.metadata);
  return encoder.Take();
}

std::shared_ptr<const DocumentState> DecodeSegmentDocument(std::string_view bytes) {
  Decoder decoder(bytes, "segment document");
  auto document = std::make_shared<DocumentState>();
  document->number = DocumentNumber{decoder.ReadFixed64()};
  document->id = decoder.ReadString();
  document->version = decoder.ReadVarint32();
  document->chunk_count = decoder.ReadVarint32();
  const std::uint8_t flags = decoder.ReadFlags(kLoose | kExpires);
  document->loose = (flags & kLoose) != 0;
  if ((flags & kExpires) != 0) document->expires_at = Timestamp{decoder.ReadSignedVarint()};
  document->metadata = decoder.ReadMetadata();
  if (!decoder.Finish().ok()) return nullptr;
  return document;
}

std::string_view SegmentDocumentId(std::string_view bytes) {
  Decoder decoder(bytes, "segment document");
  decoder.ReadFixed64();
  return decoder.ReadStringView();
}

std::string EncodeOwnMetadata(const ChunkState& state) {
  if (state.own == nullptr && !state.own_is_complete) return {};
  Encoder encoder;
  encoder.PutByte(state.own_is_complete ? 1 : 0);
  encoder.PutMetadata(state.own != nullptr ? *state.own : Metadata());
  return encoder.Take();
}

bool DecodeOwnMetadata(std::string_view bytes, ChunkState* state) {
  state->own = nullptr;
  state->own_is_complete = false;
  if (bytes.empty()) return true;
  Decoder decoder(bytes, "segment chunk");
  state->own_is_complete = decoder.ReadBool();
  auto own = std::make_shared<Metadata>(decoder.ReadMetadata());
  state->own = std::move(own);
  return decoder.Finish().ok();
}

}  // namespace tracevec
