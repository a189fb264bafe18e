#include <utility>

#include "core/return_if_error.h"
#include "storage/store_errors.h"
#include "storage/store_state.h"

namespace tracevec {

StoreCursor::Impl::Impl(std::shared_ptr<StoreState> state, Table table, std::string_view prefix)
    : state_(std::move(state)) {
  rocksdb::ReadOptions options;
  if (std::optional<std::string> end = PrefixSuccessor(prefix)) {
    upper_bound_ = *std::move(end);
    upper_bound_slice_ = upper_bound_;
    options.iterate_upper_bound = &upper_bound_slice_;
  }
  iterator_.reset(state_->db->NewIterator(options, state_->table(table)));
  iterator_->Seek(prefix);
  TakePosition();
  const std::lock_guard lock(state_->cursors_mutex);
  state_->cursors.insert(this);
}

StoreCursor::Impl::~Impl() {
  if (state_ == nullptr) return;
  const std::shared_lock call(state_->gate);  // Close destroys iterators with it held exclusively.
  const std::lock_guard lock(state_->cursors_mutex);
  state_->cursors.erase(this);
  iterator_.reset();
  state_->cursor_destroyed.notify_all();
}

void StoreCursor::Impl::Next() {
  const auto call = state_->Enter();
  if (!call.ok() || !valid_) return;
  iterator_->Next();
  TakePosition();
}

void StoreCursor::Impl::Seek(std::string_view key) {
  if (state_ == nullptr) return;
  const auto call = state_->Enter();
  if (!call.ok()) return;
  iterator_->Seek(key);
  TakePosition();
}

void StoreCursor::Impl::TakePosition() {
  valid_ = iterator_->Valid();
  key_ = valid_ ? iterator_->key().ToStringView() : std::string_view();
  value_ = valid_ ? iterator_->value().ToStringView() : std::string_view();
  if (!valid_) status_ = FromRocksdb(iterator_->status(), state_->path);
}

Status StoreCursor::Impl::status() const {
  if (state_ == nullptr) return status_;
  const Status usable = state_->CheckUsable();
  return usable.ok() ? status_ : usable;
}

bool StoreCursor::Impl::inherited_by_fork() const {
  return state_ != nullptr && state_->fork_generation != ForkGeneration();
}

StoreCursor::StoreCursor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StoreCursor::~StoreCursor() {
  // In a forked child the iterator's locks may be held by threads that are not there: leaked.
  if (impl_ != nullptr && impl_->inherited_by_fork()) static_cast<void>(impl_.release());
}
StoreCursor::StoreCursor(StoreCursor&&) noexcept = default;

bool StoreCursor::Valid() const { return impl_->Valid(); }
void StoreCursor::Next() { impl_->Next(); }
void StoreCursor::Seek(std::string_view key) { impl_->Seek(key); }
std::string_view StoreCursor::key() const { return impl_->key(); }
std::string_view StoreCursor::value() const { return impl_->value(); }
Status StoreCursor::status() const { return impl_->status(); }

StoreCursor Store::NewCursor(Table table, std::string_view prefix) const {
  auto impl = WithoutExceptions([&]() -> Result<std::unique_ptr<StoreCursor::Impl>> {
    TRACEVEC_ASSIGN_OR_RETURN(const auto call, impl_->state->Enter());
    return std::make_unique<StoreCursor::Impl>(impl_->state, table, prefix);
  });
  if (impl.ok()) return StoreCursor(*std::move(impl));
  return StoreCursor(std::make_unique<StoreCursor::Impl>(impl.status()));
}

}  // namespace tracevec
