"""How what is declared shows itself in Jupyter, which asks each object itself: the one import that goes upward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fbcore.model.graph import Graph


def bundle_of(shown: Any, graph: Graph | None = None) -> dict[str, str]:
    """Return what is shown of a graph, a component, or a node of a graph, by MIME type."""
    # A drawing is made of a graph, so it is made above the model, which does not need it but here.
    from fbcore.formats import bundle

    return bundle.bundle_of(shown, graph)
