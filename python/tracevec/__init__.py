"""TraceVec: an embedded vector database with advanced retrieval.

import tracevec as tv

with tv.open("handbook.tv") as db:
    notes = db.collection("notes", dim=384)
    notes.upsert(ids, vectors, metadata={"year": years})
    for hit in notes.search(vector=query, k=10, where="year >= 2020"):
        print(hit.id, hit.score, hit.metadata)
"""

from . import errors
from ._collection import Collection
from ._core import (
    ChunkToEmbed,
    CollectionDescription,
    CollectionStats,
    DatabaseStats,
    DocumentVersion,
    EmbedCall,
    ErasureCertificate,
    Explanation,
    Hit,
    HitSource,
    JournalEntry,
    MigrationStatus,
    PutResult,
    Receipt,
    ReceiptLedgerEntry,
    ReceiptLedgerSource,
    ReceiptSource,
    ReceiptStage,
    RouteMatch,
    SearchPart,
    Snapshot,
    StoredChunk,
    StoredDocument,
    SwitchResult,
    TunePoint,
    TuneResult,
    UpdatePlan,
    WriteResult,
)
from ._core import (
    version as _version,
)
from ._database import Database, open
from ._migration import Migration
from ._results import BatchResult, Hits, PutResults
from ._sync import SyncResult
from ._types import (
    CallInfo,
    Chunk,
    Chunker,
    CollectionSchema,
    Document,
    EmbeddingSpace,
    Fusion,
    Route,
    RouteSet,
    SparseField,
    TextField,
    VectorField,
)
from .errors import (
    AlreadyExists,
    Cancelled,
    Closed,
    Conflict,
    Corruption,
    DeadlineExceeded,
    EmbeddingSpaceMismatch,
    Error,
    Internal,
    InvalidArgument,
    NotFound,
    ReadOnly,
    ResourceExhausted,
    StorageError,
    Unavailable,
    Unsupported,
)

__version__ = _version()

__all__ = [
    "AlreadyExists",
    "BatchResult",
    "CallInfo",
    "Cancelled",
    "Chunk",
    "ChunkToEmbed",
    "Chunker",
    "Closed",
    "Collection",
    "CollectionDescription",
    "CollectionSchema",
    "CollectionStats",
    "Conflict",
    "Corruption",
    "Database",
    "DatabaseStats",
    "DeadlineExceeded",
    "Document",
    "DocumentVersion",
    "EmbedCall",
    "EmbeddingSpace",
    "EmbeddingSpaceMismatch",
    "ErasureCertificate",
    "Error",
    "Explanation",
    "Fusion",
    "Hit",
    "HitSource",
    "Hits",
    "Internal",
    "InvalidArgument",
    "JournalEntry",
    "Migration",
    "MigrationStatus",
    "NotFound",
    "PutResult",
    "PutResults",
    "ReadOnly",
    "Receipt",
    "ReceiptLedgerEntry",
    "ReceiptLedgerSource",
    "ReceiptSource",
    "ReceiptStage",
    "Route",
    "RouteMatch",
    "RouteSet",
    "ResourceExhausted",
    "SearchPart",
    "SparseField",
    "Snapshot",
    "StorageError",
    "StoredChunk",
    "StoredDocument",
    "SwitchResult",
    "TunePoint",
    "TuneResult",
    "SyncResult",
    "TextField",
    "Unavailable",
    "Unsupported",
    "UpdatePlan",
    "VectorField",
    "WriteResult",
    "errors",
    "open",
]
