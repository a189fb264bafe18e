"""TraceVec from end to end, on text that every Python has: its own documentation.

    python examples/quickstart.py ["your question"]

It cuts some 5,000 docstrings and pages of the language reference into chunks, embeds them with a
small model (PyPI package `wordllama`, weights included), answers questions, changes one page and
shows that only what changed is embedded again. Run it twice: the second run embeds nothing.
"""

import importlib
import inspect
import platform
import re
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import wordllama

import tracevec as tv

DATABASE = Path(__file__).resolve().parents[1] / "build" / "quickstart.tv"

NEWS = """
A garden snail crawls at about one millimetre per second. At this speed a snail needs a quarter of
an hour for a metre, and more than eleven days for a kilometre, if it does not sleep. Snails that
crawl in the rain are faster, and so are snails that crawl towards a head of lettuce.
"""

# Modules that can be imported without side effects (unlike `this` and `antigravity`).
MODULES = """
abc argparse array ast asyncio base64 bdb binascii bisect builtins bz2 cProfile calendar cmath cmd
code codecs codeop collections collections.abc colorsys compileall concurrent.futures configparser
contextlib contextvars copy copyreg csv ctypes dataclasses datetime decimal difflib dis doctest
email.message email.parser email.policy email.utils enum errno faulthandler filecmp fileinput
fnmatch fractions ftplib functools gc getopt getpass gettext glob graphlib gzip hashlib heapq hmac
html html.parser http http.client http.cookies http.server imaplib importlib importlib.metadata
importlib.resources importlib.util inspect io ipaddress itertools json keyword linecache locale
logging logging.config logging.handlers lzma mailbox marshal math mimetypes mmap modulefinder
multiprocessing multiprocessing.pool netrc numbers operator optparse os os.path pathlib pdb pickle
pickletools pkgutil platform plistlib poplib posixpath pprint profile pstats py_compile pyclbr
pydoc queue quopri random re reprlib runpy sched secrets select selectors shelve shlex shutil
signal site smtplib socket socketserver sqlite3 ssl stat statistics string stringprep struct
subprocess symtable sys sysconfig tabnanny tarfile tempfile textwrap threading time timeit token
tokenize trace traceback tracemalloc types typing unicodedata unittest unittest.mock urllib.error
urllib.parse urllib.request urllib.robotparser uuid venv warnings wave weakref webbrowser
wsgiref.simple_server xml.dom.minidom xml.etree.ElementTree xml.sax xmlrpc.client xmlrpc.server
zipapp zipfile zipimport zlib zoneinfo
""".split()


# An embedder is any callable from a list of texts to rows of numbers. The space it carries is
# stored: vectors of another model, or another revision, are then refused instead of mixed in.
class Embedder:
    def __init__(self) -> None:
        package = str(Path(wordllama.__file__).parent)  # its weights are there: no download
        self._model = wordllama.WordLlama.load(cache_dir=package, disable_download=True)
        self.space = tv.EmbeddingSpace(
            "wordllama-l2-supercat-256", revision=wordllama.__version__, normalization="l2"
        )

    def __call__(self, texts: list[str]) -> Any:
        return self._model.embed(texts, norm=True)


# A document is an id, a text, and whatever should be filterable. The built-in chunker cuts it.
def docstrings() -> Iterator[tv.Document]:
    for module_name in MODULES:
        try:
            module = importlib.import_module(module_name)
        except ImportError:  # a build of Python without lzma, say
            continue
        yield from document_of(module, module_name, module_name, "module")
        for name, member in public_members(module, module_name):
            kind = "class" if inspect.isclass(member) else "function"
            yield from document_of(member, f"{module_name}.{name}", module_name, kind)
            if kind == "class":
                for method_name, method in public_members(member, module_name):
                    full_name = f"{module_name}.{name}.{method_name}"
                    yield from document_of(method, full_name, module_name, "method")


def public_members(owner: Any, module_name: str) -> Iterator[tuple[str, Any]]:
    for name, member in sorted(vars(owner).items()):
        if isinstance(member, (classmethod, staticmethod)):
            member = member.__func__
        documented = inspect.isclass(member) or inspect.isroutine(member)
        # What another public module defines is documented there; `_heapq` belongs to `heapq`.
        home = getattr(member, "__module__", None) or module_name
        if documented and not name.startswith("_") and (home == module_name or home[0] == "_"):
            yield name, member


def document_of(member: Any, name: str, module_name: str, kind: str) -> Iterator[tv.Document]:
    text = inspect.getdoc(member)
    if not text:
        return
    try:
        # Some defaults show an address, which is another one in each run.
        signature = re.sub(r" at 0x\w+", "", str(inspect.signature(member)))
    except (TypeError, ValueError):
        signature = None
    metadata = {"module": module_name, "kind": kind, "signature": signature}
    yield tv.Document(name, text, title=name, metadata=metadata, parser="inspect.getdoc")


def reference_pages() -> Iterator[tv.Document]:
    try:
        from pydoc_data.topics import topics
    except ImportError:  # some distributions leave it out
        return
    for name, text in topics.items():
        metadata = {"module": "reference", "kind": "page"}
        yield tv.Document(f"reference/{name}", text, title=name, metadata=metadata, parser="pydoc")


def ask(
    library: tv.Collection, embed: Embedder, question: str, where: str | None = None
) -> tv.Hits:
    hits = library.search(vector=embed([question])[0], k=3, where=where, space=embed.space)
    print(f"\n? {question}" + (f"   [where {where}]" if where else ""))
    for hit in hits:
        print(f"  {hit.score:.3f}  {hit.document}, characters {hit.span[0]} to {hit.span[1]}")
        print(f"         {' '.join(hit.text.split())[:88]}")
    receipt = hits.receipt
    stages = ", ".join(f"{stage.name} {stage.micros:.0f} us" for stage in receipt.stages)
    print(f"  receipt {receipt.id[:8]}: {receipt.plan} of {receipt.rows_scanned:,} rows, {stages}")
    return hits


def library_of(db: tv.Database, embed: Embedder) -> tv.Collection:
    if "python" in db.collections():
        return db.collection("python")
    field = tv.VectorField(
        256, metric="cosine", space=embed.space, embed_template="{title}\n{text}"
    )
    types = {"module": str, "kind": str, "signature": str}
    return db.create_collection("python", vectors={"body": field}, metadata=types)


def main() -> None:
    print(f"Python {platform.python_version()}, tracevec {tv.__version__}, {DATABASE}")
    embed = Embedder()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated modules say so when they are imported
        pages = list(reference_pages())
        corpus = {document.id: document for document in [*docstrings(), *pages]}

    DATABASE.parent.mkdir(exist_ok=True)
    with tv.open(DATABASE) as db:
        # 1. Put everything. Only chunks that are new or changed reach the embedder.
        library = library_of(db, embed)
        start = time.perf_counter()
        results = library.put_documents(corpus.values(), embed=embed, progress=True)
        seconds = time.perf_counter() - start
        print(f"{len(results):,} documents, {library.count():,} chunks in {seconds:.1f} s")
        print(f"{results.unchanged:,} were unchanged, {results.embedded:,} texts were embedded")

        # 2. Ask, one time only among the pages of the language reference.
        ask(library, embed, "merge several sorted inputs into one")
        ask(
            library,
            embed,
            "wait for a child process to end",
            where="kind IN ('function', 'method')",
        )
        if pages:
            ask(library, embed, "how are format strings parsed", where="kind = 'page'")
        for question in sys.argv[1:]:
            ask(library, embed, question)

        # 3. Change one paragraph of a long document. Its other chunks keep id and embedding.
        original = max(corpus.values(), key=lambda document: len(document.text))
        paragraphs = original.text.split("\n\n")
        paragraphs[len(paragraphs) // 2] = NEWS
        changed = replace(original, text="\n\n".join(paragraphs))
        update = library.put_document(changed, embed=embed, label="quickstart")
        print(
            f"\n{changed.id} is now version {update.version}: {update.kept} chunks kept, "
            f"{update.added} added, {update.removed} removed, {update.embedded} embedded"
        )
        before = ask(library, embed, "how fast does a snail crawl")
        assert before[0].document == changed.id, "the change is visible to the next search"

    # 4. Close, open again: the same answer, from the same chunks.
    with tv.open(DATABASE) as db:
        library = db.collection("python")
        after = ask(library, embed, "how fast does a snail crawl")
        assert [(hit.id, hit.score) for hit in after] == [(hit.id, hit.score) for hit in before]
        print("\nThe same answer after closing and opening again.")
        library.put_document(original, embed=embed)  # so that the next run finds nothing to do


if __name__ == "__main__":
    main()
