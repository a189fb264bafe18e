#include "python/bindings.h"

#include "python/bindings_values.h"
#include "tracevec/database.h"

NB_MODULE(_core, module) {
  namespace python = tracevec::python;
  module.doc() = "The compiled part of tracevec. Import tracevec instead.";
  // Objects that a module or a cycle still refers to when the interpreter ends are not a fault.
  nanobind::set_leak_warnings(false);
  python::InitializeValues();
  module.def("version", &tracevec::Version, "The library's version: \"0.1.0\".");
  nanobind::class_<tracevec::Collection> collection(module, "Collection");
  python::BindCollection(module, collection);
  python::BindDocuments(module, collection);
  python::BindCare(module, collection);
  python::BindTune(module, collection);
  python::BindMigration(module, collection);
  python::BindSearch(module, collection);
  python::BindPipeline(module, collection);
  nanobind::class_<tracevec::Database> database(module, "Database");
  python::BindDatabase(module, database);
  python::BindReceipts(module, database);
  python::BindReplay(module, database);
  python::BindMetrics(database);
}
