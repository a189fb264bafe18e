#pragma once

#include <cstddef>
#include <string>

#include "index/scan.h"
#include "retrieval/engine.h"
#include "tracevec/receipt.h"

namespace tracevec {

struct QueryPlan;

/// 32 hex digits that no other receipt has, by which it is kept (receipt_log.h): its time, and 64
/// random bits, from a generator of the thread's own.
std::string NewReceiptId(Timestamp time);

/// Library version and build, as receipts and stats give it.
const std::string& BuildName();

/// What a receipt has of every query of a plan, whatever its sources are.
void FillPlanReceipt(const Engine& engine, const CollectionState& state, const QueryPlan& plan,
                     Receipt* receipt);

/// How many hits there are, and why no more.
void FillReturned(std::uint32_t k, std::size_t returned, bool deadline_cut, Receipt* receipt);

/// Says what a scan did. Total time, hydration and their stages are added by the caller.
void FillReceipt(const Engine& engine, const CollectionState& state, const QueryPlan& plan,
                 const ScanCounts& counts, double scan_micros, std::size_t returned,
                 Receipt* receipt);

}  // namespace tracevec
