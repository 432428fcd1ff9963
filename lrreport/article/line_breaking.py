"""Where a Thai line may end: a dictionary for libthai that also knows the words of machine learning.

Thai writes no spaces between words. Pango finds the words with libthai, which looks them up in a dictionary of
25,000 everyday words; loan words such as โมเมนตัม are not among them and would be torn apart at the end of a line,
or run over the margin. libthai takes another dictionary from the folder named in the environment variable
`LIBTHAI_DICTDIR`. Its format is that of libdatrie, the library that libthai itself reads it with; wherever the one
is, the other is too, so the dictionary is extended through libdatrie's own functions.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Final

from lrreport.errors import RenderError

#: The file name that libthai looks for.
DICTIONARY_NAME: Final = "thbrk.tri"
#: The environment variable that names the folder of another dictionary.
DICTIONARY_VARIABLE: Final = "LIBTHAI_DICTDIR"

_DATA_FOLDERS: Final = ("/usr/share", "/usr/local/share", "/opt/homebrew/share", "/opt/local/share")
_LIBRARY_NAMES: Final = ("libdatrie.so.1", "libdatrie.1.dylib", "/opt/homebrew/lib/libdatrie.1.dylib")
#: What a word of a libthai dictionary carries as its datum; libthai does not look at it.
_NO_DATUM: Final = -1

_AlphaText = ctypes.POINTER(ctypes.c_uint32)
_Visitor = ctypes.CFUNCTYPE(ctypes.c_int, _AlphaText, ctypes.c_int32, ctypes.c_void_p)


def load_terms() -> tuple[str, ...]:
    """The words that are added to libthai's own, in file order."""
    text = resources.files("lrreport.article").joinpath("thai_terms.txt").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def find_dictionary() -> Path | None:
    """The dictionary that libthai uses on this machine, or nothing."""
    chosen = os.environ.get(DICTIONARY_VARIABLE)
    folders = [Path(chosen)] if chosen else []
    folders += [Path(folder, "libthai") for folder in (*_DATA_FOLDERS, f"{sys.prefix}/share")]
    return next((path for folder in folders if (path := folder / DICTIONARY_NAME).is_file()), None)


def write_dictionary(folder: Path, terms: Iterable[str]) -> Path:
    """Write libthai's dictionary, with more words in it, into a folder.

    Args:
        folder: An existing folder; a dictionary in it is replaced.
        terms: Thai words.

    Returns:
        The dictionary's path; its folder is what `LIBTHAI_DICTDIR` must name.

    Raises:
        RenderError: libdatrie or libthai's own dictionary is missing, or a word is not Thai.
    """
    source = find_dictionary()
    if source is None:
        message = "libthai's dictionary is not there, so words of machine learning cannot be added to it"
        raise RenderError(message, expected=f"{_DATA_FOLDERS[0]}/libthai/{DICTIONARY_NAME}", fix="install libthai-data")
    target = folder / DICTIONARY_NAME
    library = _load_library()
    trie = _open(library, source)
    try:
        for term in terms:
            if not library.trie_store(trie, _alpha_text(term), _NO_DATUM):
                message = "a word cannot be added to the dictionary of Thai line breaking"
                raise RenderError(message, got=term, expected="Thai letters and marks alone")
        if library.trie_save(trie, os.fsencode(target)) != 0:
            message = "the dictionary of Thai line breaking cannot be written"
            raise RenderError(message, where=str(target))
    finally:
        library.trie_free(trie)
    return target


def dictionary_words(path: Path) -> tuple[str, ...]:
    """All words of a libthai dictionary, in its own order.

    Raises:
        RenderError: libdatrie is missing, or the file is no such dictionary.
    """
    words: list[str] = []

    def visit(letters: ctypes._Pointer[ctypes.c_uint32], _datum: int, _data: object) -> int:
        length = next(index for index in range(sys.maxsize) if not letters[index])
        words.append("".join(map(chr, letters[:length])))
        return 1

    library = _load_library()
    trie = _open(library, path)
    try:
        library.trie_enumerate(trie, _Visitor(visit), None)
    finally:
        library.trie_free(trie)
    return tuple(words)


def _open(library: ctypes.CDLL, path: Path) -> ctypes.c_void_p:
    trie = library.trie_new_from_file(os.fsencode(path))
    if not trie:
        message = "a dictionary of Thai line breaking cannot be read"
        raise RenderError(message, where=str(path), fix="install libthai-data again")
    return ctypes.c_void_p(trie)


def _alpha_text(word: str) -> ctypes.Array[ctypes.c_uint32]:
    return (ctypes.c_uint32 * (len(word) + 1))(*map(ord, word), 0)


def _load_library() -> ctypes.CDLL:
    """Load libdatrie and declare the functions that are used, as in its header trie.h."""
    found = ctypes.util.find_library("datrie")
    for name in (*_LIBRARY_NAMES, *([found] if found else [])):
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        library.trie_new_from_file.argtypes = [ctypes.c_char_p]
        library.trie_new_from_file.restype = ctypes.c_void_p
        library.trie_store.argtypes = [ctypes.c_void_p, _AlphaText, ctypes.c_int32]
        library.trie_save.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        library.trie_enumerate.argtypes = [ctypes.c_void_p, _Visitor, ctypes.c_void_p]
        library.trie_free.argtypes = [ctypes.c_void_p]
        library.trie_free.restype = None
        return library
    message = "the library libdatrie is not there, so words cannot be added to the dictionary of Thai line breaking"
    raise RenderError(message, fix="install libdatrie (Debian: libdatrie1)")
