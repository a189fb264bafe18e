#include "python/bindings_pipeline_callbacks.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "python/bindings_arguments.h"
#include "python/bindings_values.h"

namespace tracevec::python {
namespace {

nb::list ToList(std::span<const std::string> texts) {
  nb::list list;
  for (const std::string& text : texts) list.append(nb::str(text.data(), text.size()));
  return list;
}

nb::str ToStr(std::string_view text) { return nb::str(text.data(), text.size()); }

}  // namespace

Status PipelineCalls::StatusOf(const nb::python_error& error) {
  const bool is_exception = error.matches(PyExc_Exception);
  if (raise_on_error_ || !is_exception) {
    raised_ = std::current_exception();
    must_leave_ = must_leave_ || !is_exception;
  }
  std::string message;
  try {
    message = nb::cast<std::string>(error.type().attr("__name__")) + ": " +
              nb::cast<std::string>(nb::str(error.value()));
  } catch (...) {
    message = "it raised an exception without a text";  // Lone surrogates, or a __str__ that fails.
  }
  return Status::Cancelled(std::move(message));
}

template <typename Value, typename Body>
Result<Value> PipelineCalls::Call(const Body& body) {
  nb::gil_scoped_acquire gil;
  try {
    return body();
  } catch (const nb::python_error& error) {
    return StatusOf(error);
  } catch (const std::exception& error) {  // A cast that failed.
    return Status::InvalidArgument(error.what());
  }
}

template <typename... Arguments>
nb::object PipelineCalls::Ask(nb::handle function, const Arguments&... arguments) {
  const auto answer = nb::cast<nb::tuple>(function(arguments...));
  info_ = TakeCallInfo(answer[1]);
  return answer[0];
}

void PipelineCalls::InstallOne(std::string_view role, const std::string& name, nb::handle function,
                               PipelineCallbacks* callbacks) {
  if (role == "embed") {
    callbacks->embed[name] = [this, function](std::span<const std::string> texts) {
      return Call<std::vector<float>>([&] {
        const auto rows = nb::cast<FloatMatrix>(Ask(function, ToList(texts)), false);
        return std::vector<float>(rows.data(), rows.data() + rows.size());
      });
    };
  } else if (role == "encode") {
    callbacks->encode[name] = [this, function](std::span<const std::string> texts) {
      return Call<std::vector<SparseVector>>([&] {
        std::vector<SparseVector> rows;
        for (nb::handle row : Ask(function, ToList(texts))) rows.push_back(TakeSparse(row));
        return rows;
      });
    };
  } else if (role == "rewrite") {
    callbacks->rewrite[name] = [this, function](std::string_view query) {
      return Call<std::vector<std::string>>(
          [&] { return TakeStrings(Ask(function, ToStr(query)), "rewrite"); });
    };
  } else if (role == "rerank") {
    callbacks->rerank[name] = [this, function](std::string_view query,
                                               std::span<const std::string> texts) {
      return Call<std::vector<float>>([&] {
        const auto scores =
            nb::cast<FloatVector>(Ask(function, ToStr(query), ToList(texts)), false);
        return std::vector<float>(scores.data(), scores.data() + scores.size());
      });
    };
  } else if (role == "summarize") {
    callbacks->summarize[name] = [this, function](std::string_view query, const Passage& passage) {
      return Call<std::string>([&] {
        const nb::object copy = nb::cast(passage, nb::rv_policy::copy);
        return TakeString(Ask(function, ToStr(query), copy), "summarize");
      });
    };
  } else {
    callbacks->count[name] = [this, function](std::string_view text) {
      return Call<std::uint32_t>([&] { return TakeUint32(Ask(function, ToStr(text)), "count"); });
    };
  }
}

void PipelineCalls::Install(const nb::dict& callbacks, QueryOptions* options) {
  raise_on_error_ = options->on_error == OnError::kRaise;
  for (auto [role, functions] : callbacks) {
    for (auto [name, function] : nb::cast<nb::dict>(functions)) {
      InstallOne(TakeString(role, "callbacks"), TakeString(name, "callbacks"), function,
                 &options->callbacks);
    }
  }
  options->call_info = [this] { return std::exchange(info_, std::nullopt); };
}

}  // namespace tracevec::python
