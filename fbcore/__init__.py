"""fbcore runs nets of components with typed ports, on asyncio: declare a graph once, run it many ways."""

from fbcore.errors import (
    ConfigError,
    EndOfDemand,
    EndOfStream,
    ExtraError,
    FlowError,
    GraphError,
    InputError,
    LoadError,
    LoopError,
    NodeError,
    PortError,
    StopNet,
)
from fbcore.loop import SteppedLoop
from fbcore.model.component import Component
from fbcore.model.function import component
from fbcore.model.graph import Graph
from fbcore.model.packet import Each, Failure
from fbcore.model.port import Config, Hit, In, Out
from fbcore.net.observe import Observer
from fbcore.net.report import NetError, Outcome, Result, Snapshot
from fbcore.runtimes.batch import BatchRuntime

__all__ = [
    "BatchRuntime",
    "Component",
    "Config",
    "ConfigError",
    "Each",
    "EndOfDemand",
    "EndOfStream",
    "ExtraError",
    "Failure",
    "FlowError",
    "Graph",
    "GraphError",
    "Hit",
    "In",
    "InputError",
    "LoadError",
    "LoopError",
    "NetError",
    "NodeError",
    "Observer",
    "Out",
    "Outcome",
    "PortError",
    "Result",
    "Snapshot",
    "SteppedLoop",
    "StopNet",
    "component",
]
