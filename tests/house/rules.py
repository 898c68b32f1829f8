"""The rules of the house. Each returns its breaches, as sentences that say what to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from tests.house.tree import FUNCTION, Module

# What an app may import of the others: these modules and what is inside them.
FACE = (
    "scheduling.context",
    "scheduling.exceptions",
    "scheduling.findings",
    "scheduling.models",
    "scheduling.pace",
    "scheduling.pages",
    "scheduling.registry",
    "scheduling.retention.removal",
    "scheduling.rest",
    "scheduling.triggers",
)
VAULT = ("vault.exceptions", "vault.fields", "vault.secret")
# How to call somebody over HTTP: the same for who has prices and for who has accounts. What is made
# up for demonstrations has one price, too.
CALLING = (
    "prices.demo.prices",
    "prices.demo.server",
    "prices.gate",
    "prices.usage",
    "prices.venues.answers",
    "prices.venues.base",
    "prices.venues.caller",
)
MAY_IMPORT: Mapping[str, tuple[str, ...]] = {
    "vault": (),
    "scheduling": (),
    "prices": (*FACE, *VAULT),
    "snapshots": (*FACE, *VAULT, *CALLING, "prices.models", "prices.selectors"),
    "project": ("vault", "scheduling", "prices", "snapshots"),
}
COMMANDS_MAY_IMPORT = ("scheduling.engine.inline", "scheduling.progress")
# Nothing but themselves imports these: they translate in, call a verb, translate out.
ENTRY_POINTS = ("admin", "api", "forms", "management", "tasks")
# Inside an app; what is not named stands on floor 1: it knows no row.
FLOORS: Mapping[str, Mapping[str, int]] = {
    "scheduling": {
        "models": 2,
        "jobstore": 3,
        "health": 3,
        "defaults": 3,
        "day_tallies": 3,
        "tallies": 3,
        "figures": 4,
        "progress": 4,
        "statistics": 4,
        "metrics": 5,
        "retention": 4,
        "attempts": 4,
        "executors": 5,
        "engine": 6,
        **dict.fromkeys(ENTRY_POINTS, 7),
        "apps": 8,
    },
    "snapshots": {
        "valuing": 2,
        "models": 3,
        "selectors": 4,
        "findings": 4,
        **dict.fromkeys(("answers", "belongings", "capture", "intake"), 5),
        "upkeep": 6,
        **dict.fromkeys(ENTRY_POINTS, 7),
        "apps": 8,
    },
}

# Each takes ten megabytes or more: imported inside functions only, by who needs it, when he does.
HEAVY = {"ccxt", "exchange_calendars", "httpx", "pandas", "pyarrow", "python_calamine"}

LONGEST_FILE = 400
LONGEST_FUNCTION = 50
LONGEST_TEST = 25
MOST_ARGUMENTS = 6
FORBIDDEN_MODULES = {"common", "helpers", "managers", "misc", "services", "utils"}
# docs/glossary.md says which word to use.
FORBIDDEN_WORDS = {
    "bar", "bars", "concurrency", "consumer", "execution", "executions", "holding", "holdings",
    "kline", "klines", "orphan", "orphaned", "orphans", "periodic", "resolution", "schedule",
    "schedules", "squash", "stuck", "timeframe", "zombie", "zombies",
}  # fmt: skip
ALLOWED_NAMES = {
    "SCHEDULE": "the origin of a run that its trigger fired",
    "_execution": "a DjangoJobExecution",
    "record_executions": "DjangoJobExecution rows",
}
# Where a run calls its task, and where a loop must survive.
BROAD_EXCEPTS = {
    "scheduling.attempts.calling._ending",
    "scheduling.attempts.recorder.Recorder._is_written",
    "scheduling.attempts.recorder.Recorder._loop",
    "scheduling.attempts.text.text_of",
    "scheduling.engine.scheduler.Scheduler._process_jobs",
    "scheduling.engine.sweeper.Sweeper._loop",
    "scheduling.engine.worker.WorkerLoop._surviving",
}
# Each is an option of its own, by keyword.
MANY_ARGUMENTS = {"scheduling.registry.default_job", "scheduling.registry.task"}


def foreign_imports(module: Module, known: set[str]) -> Iterator[str]:
    allowed = MAY_IMPORT[module.app]
    if ".management." in module.name:
        allowed += COMMANDS_MAY_IMPORT
    for name in module.imported(known):
        if name.partition(".")[0] != module.app and not is_in(name, allowed):
            yield f"{module.name} imports {name}. {module.app} may import: {allowed}."


def imported_entry_points(module: Module, known: set[str]) -> Iterator[str]:
    for name in module.imported(known):
        app, _, rest = name.partition(".")
        room = rest.partition(".")[0]
        if room in ENTRY_POINTS and not may_enter(module.name, app, room):
            yield f"{module.name} imports {name}, an entry point. Move what both need down."


def may_enter(importer: str, app: str, room: str) -> bool:
    rooms = ("admin", "forms") if room == "forms" else (room,)  # the admin shows the forms
    return is_in(importer, tuple(f"{app}.{name}" for name in rooms))


def climbing_imports(module: Module, known: set[str]) -> Iterator[str]:
    for name in module.imported(known):
        if name.partition(".")[0] == module.app and floor(name) > floor(module.name):
            yield f"{module.name} (floor {floor(module.name)}) imports {name} ({floor(name)})."


def floor(name: str) -> int:
    app, _, rest = name.partition(".")
    return FLOORS.get(app, {}).get(rest.partition(".")[0], 1)


def import_cycle(modules: list[Module]) -> Iterator[str]:
    known = {module.name for module in modules}
    graph = {module.name: module.imported(known) - {module.name} for module in modules}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as exc:
        yield "Import cycle: " + " -> ".join(exc.args[1])


def imports_in_functions(module: Module) -> Iterator[str]:
    for node in module.imports():
        outer = [around for around in module.around(node) if isinstance(around, FUNCTION)]
        if is_heavy(node):
            if not outer:
                yield f"{module.name}:{node.lineno} is heavy. Import it inside a function."
        elif outer and not (module.name.endswith(".apps") and outer[0].name == "ready"):
            yield f"{module.name}:{node.lineno} imports inside {outer[0].name}(). Import on top."


def is_heavy(node: ast.Import | ast.ImportFrom) -> bool:
    if isinstance(node, ast.ImportFrom):
        names = [node.module or ""]
    else:
        names = [alias.name for alias in node.names]
    return any(name.partition(".")[0] in HEAVY for name in names)


def oversized(module: Module) -> Iterator[str]:
    lines = module.source.count("\n")
    if lines > LONGEST_FILE:
        yield f"{module.name} has {lines} lines, more than {LONGEST_FILE}."
    for function in module.functions():
        most = LONGEST_TEST if function.name.startswith("test_") else LONGEST_FUNCTION
        length = (function.end_lineno or 0) - function.lineno + 1
        if length > most:
            yield f"{module.name}.{function.name} has {length} lines, more than {most}."


def many_arguments(module: Module) -> Iterator[str]:
    for function in module.functions():
        arguments = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
        count = len([argument for argument in arguments if argument.arg not in ("self", "cls")])
        name = f"{module.name}.{function.name}"
        if count > MOST_ARGUMENTS and name not in MANY_ARGUMENTS:
            yield f"{name} takes {count} arguments, more than {MOST_ARGUMENTS}."


def forbidden_module_names(module: Module) -> Iterator[str]:
    for part in FORBIDDEN_MODULES.intersection(module.name.split(".")):
        yield f"{module.name}: name the module by its role, not {part!r}."


def forbidden_words(module: Module) -> Iterator[str]:
    for line, name in names_given(module):
        if name in ALLOWED_NAMES:
            continue
        for word in FORBIDDEN_WORDS.intersection(words_of(name)):
            yield f"{module.name}:{line} {name}: not {word!r}; see docs/glossary.md."


def names_given(module: Module) -> Iterator[tuple[int, str]]:
    """Yield the names of classes, functions, fields and URLs, each with its line."""
    for node in ast.walk(module.tree):
        if isinstance(node, (*FUNCTION, ast.ClassDef)):
            yield node.lineno, node.name
        if isinstance(node, ast.ClassDef):
            for statement in node.body:
                yield from fields_of(statement)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("path", "re_path"):
            yield from url_names(node)


def fields_of(statement: ast.stmt) -> Iterator[tuple[int, str]]:
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    return ((statement.lineno, target.id) for target in targets if isinstance(target, ast.Name))


def url_names(call: ast.Call) -> Iterator[tuple[int, str]]:
    for keyword in call.keywords:
        if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
            yield call.lineno, str(keyword.value.value)


def words_of(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def broad_excepts(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.ExceptHandler) or not catches_all(node):
            continue
        named = [*FUNCTION, ast.ClassDef]
        outer = [around for around in module.around(node) if isinstance(around, tuple(named))]
        place = ".".join([module.name, *(around.name for around in reversed(outer))])  # type: ignore[attr-defined]
        if place not in BROAD_EXCEPTS:
            yield f"{place} (line {node.lineno}) catches everything. Name the exceptions."


def catches_all(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(ast.unparse(kind) in ("Exception", "BaseException") for kind in caught)


def untested_commands(modules: list[Module], tests: list[Module]) -> Iterator[str]:
    called = {
        argument.value
        for test in tests
        for node in ast.walk(test.tree)
        if isinstance(node, ast.Call)
        for argument in node.args
        if isinstance(argument, ast.Constant)
    }
    for module in modules:
        _, is_command, name = module.name.partition(".management.commands.")
        if is_command and name not in called:
            yield f"No test calls the management command {name!r}."


def is_in(name: str, allowed: tuple[str, ...]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in allowed)
