#include "retrieval/list_documents.h"

#include <string>

#include "core/return_if_error.h"
#include "retrieval/clock.h"
#include "retrieval/document_reader.h"
#include "storage/keys.h"

namespace tracevec {

Result<std::vector<DocumentVersion>> ListDocuments(const Engine& engine,
                                                   const CollectionState& state,
                                                   const ListOptions& options) {
  const auto view = state.views.Current();
  const Timestamp now = Now();
  std::vector<DocumentVersion> listed;
  StoreCursor cursor =
      engine.store().NewCursor(Table::kRecords, keys::Document(state.number, options.prefix));
  const std::string after = keys::Document(state.number, options.after);
  if (options.after > options.prefix) cursor.Seek(after);
  for (; cursor.Valid(); cursor.Next()) {
    if (!options.after.empty() && cursor.key() <= after) continue;
    TRACEVEC_ASSIGN_OR_RETURN(const DocumentRecord record, DecodeDocument(cursor.value()));
    TRACEVEC_ASSIGN_OR_RETURN(const auto version,
                              VersionAt(engine.store(), state.number, record.number, view->commit));
    if (!version || version->loose || Expired(*version, now)) continue;
    listed.push_back(DescribeVersion(*version));
    if (options.limit > 0 && listed.size() >= options.limit) return listed;
  }
  TRACEVEC_RETURN_IF_ERROR(cursor.status());
  return listed;
}

}  // namespace tracevec
