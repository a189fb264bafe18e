#pragma once

#include <span>
#include <string>
#include <vector>

#include "python/bindings_arguments.h"
#include "tracevec/search.h"

namespace tracevec::python {

/// None: no text. The library takes an empty one for none.
std::string TakeText(nb::handle object);
/// None: the default.
Fusion TakeFusion(nb::handle object);

/// What a search asks with, as the package hands it over. Keeps arrays alive while a call reads
/// them without the GIL.
class QueryArguments {
 public:
  /// `vector`: a float32 array, or None. `vectors`: None, or pairs of a field and an array,
  /// or of a sparse field a tuple of indices and values. `phrasings`: None, or further ones, each a
  /// tuple of vector, vectors and text.
  void Take(nb::handle vector, nb::handle vectors, nb::handle text, nb::handle phrasings,
            SearchRequest* request);

 private:
  std::span<const float> TakeVector(nb::handle array);
  void TakeVectors(nb::handle pairs, std::vector<FieldVector>* vectors,
                   std::vector<SparseFieldVector>* sparse);

  std::vector<FloatVector> arrays_;
};

}  // namespace tracevec::python
