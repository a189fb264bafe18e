// The smallest useful program: make a database, store two vectors, find the nearer one. It is built
// outside the tree, so it sees only what is installed.
#include <tracevec/tracevec.h>

#include <cstdio>
#include <string>
#include <vector>

tracevec::Status Run(const std::string& path) {
  auto database = tracevec::Database::Open(path);
  if (!database.ok()) return database.status();
  auto notes = (*database)->GetOrCreateCollection("notes", 2);
  if (!notes.ok()) return notes.status();

  const std::vector<std::string> ids = {"east", "north"};
  const std::vector<float> vectors = {1, 0, 0, 1};
  tracevec::UpsertRequest rows;
  rows.ids = ids;
  rows.vectors[""] = vectors;  // The collection's only vector field.
  auto written = notes->Upsert(rows);
  if (!written.ok()) return written.status();

  tracevec::SearchRequest request;
  const std::vector<float> query = {0.9f, 0.1f};
  request.vector = query;
  request.k = 1;
  auto response = notes->Search(request);
  if (!response.ok()) return response.status();
  std::printf("%s\n", response->hits.at(0).id.c_str());
  return (*database)->Close();
}

int main(int, char** arguments) {
  const tracevec::Status status = Run(arguments[1]);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
