"""The lineage of models as a graph: who continues whom, in which state, from which run."""

from __future__ import annotations

from collections.abc import Sequence

from han5k_review.store.identity import stored_id
from han5k_review.store.tables import ModelVersion
from han5k_review.store.vocabulary import ModelState
from han5k_review.ui.local_time import say_time

# Border colour and style by state; the state stands in words in every box too.
_LOOKS = {
    ModelState.PROMOTED: ("#2e9e6b", "filled,bold"),
    ModelState.CANDIDATE: ("#3b82c4", "filled"),
    ModelState.RETIRED: ("#8a919c", "filled"),
    ModelState.DECLINED: ("#d24b4b", "filled,dashed"),
}
STATE_WORDS = {
    ModelState.PROMOTED: "in use",
    ModelState.CANDIDATE: "candidate",
    ModelState.RETIRED: "out of use",
    ModelState.DECLINED: "declined",
}
_FILL, _INK = "#f6f7f9", "#1c2430"


def build_lineage(models: Sequence[ModelVersion]) -> str:
    """The graph in Graphviz's language, oldest at the top, one frame per label group."""
    lines = [
        "digraph lineage {",
        '  bgcolor="transparent"; rankdir=TB; nodesep=0.3; ranksep=0.4;',
        f'  node [shape=box, fontname="sans-serif", fontsize=11, fontcolor="{_INK}",'
        f' fillcolor="{_FILL}", margin="0.14,0.07"];',
        '  edge [color="#8a919c", arrowsize=0.7];',
    ]
    for number, group in enumerate(sorted({m.group for m in models})):
        own = sorted((m for m in models if m.group == group), key=stored_id)
        lines += [
            f"  subgraph cluster_{number} {{",
            f'    label="label group {_quoted(group)}"; fontname="sans-serif"; fontsize=11;'
            ' fontcolor="#8a919c"; color="#8a919c66";',
            *(f"    {_node(m)}" for m in own),
            "  }",
        ]
    known = {m.id for m in models}
    lines += [f"  m{m.parent_id} -> m{m.id};" for m in models if m.parent_id in known]
    return "\n".join([*lines, "}"])


def _node(model: ModelVersion) -> str:
    color, style = _LOOKS[ModelState(model.state)]
    words = STATE_WORDS[ModelState(model.state)]
    origin = f"run {model.run_id}" if model.run_id is not None else "imported"
    label = f"{_quoted(model.name)}\\n{words}, {origin}\\n{say_time(model.created_at_utc)}"
    return f'm{model.id} [label="{label}", color="{color}", style="{style}"];'


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
