"""fbcore runs nets of components with typed ports, on asyncio: declare a graph once, run it many ways."""

from typing import TYPE_CHECKING, Any

from fbcore.errors import (
    ConfigError,
    DataError,
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
    ProcessError,
    SettingsError,
    SnapshotError,
    StepError,
    StopNet,
)
from fbcore.model.array import InArray, OutArray
from fbcore.model.component import Component
from fbcore.model.composite import CompositeComponent
from fbcore.model.function import component
from fbcore.model.graph import Graph
from fbcore.model.log import Log, LogContext
from fbcore.model.memory import Memory
from fbcore.model.packet import Each, Failure, Missing, Packet, PacketId
from fbcore.model.port import Config, Hit, In, Message, Out, Signal
from fbcore.model.signature import required

if TYPE_CHECKING:
    from fbcore.components.py_file import PyFile
    from fbcore.components.terminal import TerminalTemplate
    from fbcore.loop import SteppedLoop
    from fbcore.model.complib import setup_complib
    from fbcore.model.dag import DagTemplate
    from fbcore.model.template import ComponentTemplate
    from fbcore.net.json_log import JsonLines
    from fbcore.net.log import WithContext, log_context
    from fbcore.net.observe import Observer
    from fbcore.net.registry import Activity, ActivityKind, PacketRegistry
    from fbcore.net.report import NetError, Outcome, Result, Snapshot
    from fbcore.orchestration.breaker import BreakerError
    from fbcore.orchestration.edge_settings import EdgeSettings
    from fbcore.orchestration.orchestrator import DagOrchestrator, Orchestrator
    from fbcore.orchestration.policy import Breaker, Concurrency, DeadLetters, End, Rate, Restart, Retry, Timeout
    from fbcore.orchestration.settings import NetSettings, NodeSettings, SubNetSettings
    from fbcore.runtimes.batch import BatchRuntime
    from fbcore.runtimes.choice import Choice, ChoiceKind, Step
    from fbcore.runtimes.fsm import FSMRuntime

__all__ = [
    "Activity",
    "ActivityKind",
    "BatchRuntime",
    "Breaker",
    "BreakerError",
    "Choice",
    "ChoiceKind",
    "Component",
    "ComponentTemplate",
    "CompositeComponent",
    "Concurrency",
    "Config",
    "ConfigError",
    "DagOrchestrator",
    "DagTemplate",
    "DataError",
    "DeadLetters",
    "Each",
    "EdgeSettings",
    "End",
    "EndOfDemand",
    "EndOfStream",
    "ExtraError",
    "FSMRuntime",
    "Failure",
    "FlowError",
    "Graph",
    "GraphError",
    "Hit",
    "In",
    "InArray",
    "InputError",
    "JsonLines",
    "LoadError",
    "Log",
    "LogContext",
    "LoopError",
    "Memory",
    "Message",
    "Missing",
    "NetError",
    "NetSettings",
    "NodeError",
    "NodeSettings",
    "Observer",
    "Orchestrator",
    "Out",
    "OutArray",
    "Outcome",
    "Packet",
    "PacketId",
    "PacketRegistry",
    "PortError",
    "ProcessError",
    "PyFile",
    "Rate",
    "Restart",
    "Result",
    "Retry",
    "SettingsError",
    "Signal",
    "Snapshot",
    "SnapshotError",
    "Step",
    "StepError",
    "SteppedLoop",
    "StopNet",
    "SubNetSettings",
    "TerminalTemplate",
    "Timeout",
    "WithContext",
    "component",
    "log_context",
    "required",
    "setup_complib",
]

_LATER = {
    "Activity": "net.registry",
    "ActivityKind": "net.registry",
    "BatchRuntime": "runtimes.batch",
    "Breaker": "orchestration.policy",
    "BreakerError": "orchestration.breaker",
    "Choice": "runtimes.choice",
    "ChoiceKind": "runtimes.choice",
    "ComponentTemplate": "model.template",
    "Concurrency": "orchestration.policy",
    "DagOrchestrator": "orchestration.orchestrator",
    "DagTemplate": "model.dag",
    "DeadLetters": "orchestration.policy",
    "EdgeSettings": "orchestration.edge_settings",
    "End": "orchestration.policy",
    "FSMRuntime": "runtimes.fsm",
    "JsonLines": "net.json_log",
    "NetError": "net.report",
    "NetSettings": "orchestration.settings",
    "NodeSettings": "orchestration.settings",
    "Observer": "net.observe",
    "Orchestrator": "orchestration.orchestrator",
    "Outcome": "net.report",
    "PacketRegistry": "net.registry",
    "PyFile": "components.py_file",
    "Rate": "orchestration.policy",
    "Restart": "orchestration.policy",
    "Result": "net.report",
    "Retry": "orchestration.policy",
    "Snapshot": "net.report",
    "Step": "runtimes.choice",
    "SteppedLoop": "loop",
    "SubNetSettings": "orchestration.settings",
    "TerminalTemplate": "components.terminal",
    "Timeout": "orchestration.policy",
    "WithContext": "net.log",
    "log_context": "net.log",
    "setup_complib": "model.complib",
}
"""Names that are imported when they are asked for: who declares a net need not wait for what runs, or steps it."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"fbcore.{_LATER[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
