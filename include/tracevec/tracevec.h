#pragma once

/// TraceVec: an embedded vector database with advanced retrieval. Start at database.h.

#include "tracevec/collection.h"
#include "tracevec/database.h"
#include "tracevec/description.h"
#include "tracevec/document.h"
#include "tracevec/erasure.h"
#include "tracevec/filter.h"
#include "tracevec/journal.h"
#include "tracevec/migration.h"
#include "tracevec/pipeline.h"
#include "tracevec/pipeline_spec.h"
#include "tracevec/query.h"
#include "tracevec/receipt.h"
#include "tracevec/routes.h"
#include "tracevec/schema.h"
#include "tracevec/search.h"
#include "tracevec/snapshot.h"
#include "tracevec/status.h"
#include "tracevec/tune.h"
#include "tracevec/value.h"
