"""Fuzzing: what comes from strangers is read or refused, whatever it is. ``make fuzz`` runs every target for a bounded time.

A target is a module with ``seeds``, which makes its first corpus, ``TOKENS``, words of its language in the notation of libFuzzer's
dictionaries, and ``check``, which raises where an input breaks what none may. ``check`` knows no fuzzer: the tests call it, too, with every
input that has ever broken it.
"""

#: Targets, and the modules of each whose branches tell the fuzzer that an input is new.
TARGETS = {
    "manifest": ("veernet.sheets.manifest", "veernet.sheets.documents", "yaml", "json"),
    "las": ("veernet.curves", "lasio", "textwrap"),
    "scan": ("veernet.sheets.raster", "veernet.sheets.kind", "veernet.sheets.darkness"),
    "weights": ("veernet.network", "safetensors", "json"),
}
