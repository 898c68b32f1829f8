"""The project's modules, as syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("project", "vault", "scheduling", "prices", "snapshots")
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Module:
    name: str  # dotted; a package has the name of its folder
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @property
    def app(self) -> str:
        return self.name.partition(".")[0]

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what `node` stands in, the innermost first."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def imports(self) -> Iterator[ast.Import | ast.ImportFrom]:
        """Yield the imports that happen: those for type checkers only do not."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import | ast.ImportFrom) and not self._is_for_types(node):
                yield node

    def imported(self, known: set[str]) -> set[str]:
        """Return the names of the `known` modules that this one imports."""
        found: set[str] = set()
        for node in self.imports():
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif node.module:
                inside = {f"{node.module}.{alias.name}" for alias in node.names} & known
                found |= inside or {node.module}
        return found & known

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, FUNCTION))

    def _is_for_types(self, node: ast.AST) -> bool:
        return any(
            isinstance(outer, ast.If) and "TYPE_CHECKING" in ast.unparse(outer.test)
            for outer in self.around(node)
        )


def read_modules(*folders: str) -> list[Module]:
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [Module(dotted(path), path.read_text()) for path in sorted(paths) if is_ours(path)]


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def is_ours(path: Path) -> bool:
    return "migrations" not in path.parts  # they are written by Django
