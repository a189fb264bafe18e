#pragma once

#include "python/bindings_casters.h"
#include "tracevec/collection.h"
#include "tracevec/database.h"

/// The module tracevec._core: a thin view of include/tracevec for the package in tracevec/, which
/// is what users import. It converts values, releases the GIL and raises; it decides nothing.
namespace tracevec::python {

namespace nb = nanobind;

void BindDatabase(nb::module_& module, nb::class_<Database>& database);
void BindMetrics(nb::class_<Database>& database);
void BindReceipts(nb::module_& module, nb::class_<Database>& database);
void BindReplay(nb::module_& module, nb::class_<Database>& database);
void BindRoutes(nb::module_& module, nb::class_<Database>& database);
/// Chunks, documents, versions, plans: the classes alone.
void BindDocumentRecords(nb::module_& module);
/// These add their classes to the module and their methods to the collection.
void BindCollection(nb::module_& module, nb::class_<Collection>& collection);
void BindDocuments(nb::module_& module, nb::class_<Collection>& collection);
void BindCare(nb::module_& module, nb::class_<Collection>& collection);
void BindTune(nb::module_& module, nb::class_<Collection>& collection);
void BindMigration(nb::module_& module, nb::class_<Collection>& collection);
void BindSearch(nb::module_& module, nb::class_<Collection>& collection);
void BindPipeline(nb::module_& module, nb::class_<Collection>& collection);

}  // namespace tracevec::python
