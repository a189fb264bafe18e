"""One class a system, each set up as its own documentation advises for speed.

Nothing here is imported before a process has been started for the one system it measures: the
packages bring thread pools and allocators of their own.
"""

from __future__ import annotations

from importlib import import_module

from .system import System

# Name of the system -> module and class.
_CLASSES = {
    "tracevec": ("tracevec_package", "TraceVec"),
    "hnswlib": ("libraries", "Hnswlib"),
    "faiss": ("libraries", "Faiss"),
    "usearch": ("libraries", "Usearch"),
    "pyvsag": ("graph_libraries", "Vsag"),
    "scalable-vs": ("graph_libraries", "ScalableVectorSearch"),
    "zvec": ("zvec_database", "Zvec"),
    "zvec-int8": ("zvec_database", "ZvecInt8"),
    "qdrant-edge": ("databases", "QdrantEdge"),
    "lancedb": ("databases", "LanceDb"),
    "chromadb": ("databases", "Chroma"),
}
NAMES = tuple(_CLASSES)


def make(name: str) -> System:
    module, class_name = _CLASSES[name]
    return getattr(import_module(f".{module}", __name__), class_name)()
