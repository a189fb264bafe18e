#include <string>

#include "python/bindings.h"
#include "python/bindings_status.h"
#include "tracevec/database.h"

// Figures of a database. The package makes a dict of the JSON.

namespace tracevec::python {

void BindMetrics(nb::class_<Database>& database) {
  database
      .def("metrics_json",
           [](const Database& self) {
             return WithoutGil([&]() -> Result<std::string> {
               const Result<MetricsReport> report = self.Metrics();
               if (!report.ok()) return report.status();
               return report->ToJson();
             });
           })
      .def("metrics_prometheus", [](const Database& self) {
        return WithoutGil([&]() -> Result<std::string> {
          const Result<MetricsReport> report = self.Metrics();
          if (!report.ok()) return report.status();
          return report->ToPrometheus();
        });
      });
}

}  // namespace tracevec::python
