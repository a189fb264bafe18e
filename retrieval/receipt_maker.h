#pragma once

#include <cstddef>
#include <string>

#include "index/scan.h"
#include "retrieval/engine.h"
#include "tracevec/receipt.h"

namespace tracevec {

struct PlannedSource;
struct QueryPlan;
struct QueryTask;

/// 32 hex digits that no other receipt has: random, from a generator of the thread's own.
std::string NewReceiptId();

/// Library version and build, as receipts and stats give it.
const std::string& BuildName();

/// What a receipt has of every query of a plan, whatever its sources are.
void FillPlanReceipt(const Engine& engine, const CollectionState& state, const QueryPlan& plan,
                     Receipt* receipt);

/// How many hits there are, and why no more.
void FillReturned(std::uint32_t k, std::size_t returned, bool deadline_cut, Receipt* receipt);

/// Adds what searching a vector field did. `counts`: of all its queries. Of the first field the
/// receipt has the plan's name, settings and parts; what was counted is summed.
void AddDense(const QueryPlan& plan, const PlannedSource& source, const ScanCounts& counts,
              double scan_micros, std::size_t found, Receipt* receipt);

/// Of a query of one vector. Total time, hydration and its stage are added by the caller.
void FillReceipt(const Engine& engine, const CollectionState& state, const QueryPlan& plan,
                 const QueryTask& task, Receipt* receipt);

}  // namespace tracevec
