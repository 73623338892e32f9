"""YAML files → documents with line numbers. A rule file is hostile until it is read."""

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import date

import yaml

from socconsole.errors import RuleError

MAX_BYTES = 1024 * 1024
"""A larger file is refused: the longest public rule has 295 kB."""

MAX_NODES = 50_000
"""Nodes of one document with its aliases written out."""

MAX_DEPTH = 60
"""Nesting of one document; libyaml's Python side overflows the stack some thousands deeper."""

_NESTED_ON_ONE_LINE = re.compile(r"(?:[-?:]\s+){8}")


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document of a file."""

    path: str
    line: int
    """1-based line of its first key."""
    body: dict[str, object]
    lines: tuple[str, ...]
    """The document's own lines."""
    node: yaml.MappingNode
    """What `body` was made of; it knows its lines."""
    base: "Document | None" = None
    """A document before it that `body` has more from."""

    def where(self, *at: str | int) -> str:
        """Return `file:line` of what these keys and places of lists lead to, as far as they do.

        A field may be named without its modifiers.
        """
        if self.base is not None and at and _below(self.node, at[0]) is None:
            return self.base.where(*at)
        node: yaml.Node = self.node
        mark = node.start_mark
        for step in at:
            found = _below(node, step)
            if found is None:
                break
            mark, node = found
        return f"{self.path}:{mark.line + 1}"


def _below(node: yaml.Node, step: str | int) -> tuple[yaml.Mark, yaml.Node] | None:
    """Return where the child that `step` names begins, and the child."""
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child = node.value[step]
        return child.start_mark, child
    if not isinstance(node, yaml.MappingNode):
        return None
    alike = None
    for key, child in node.value:
        if key.value == step:
            return key.start_mark, child
        if alike is None and str(key.value).partition("|")[0] == step:
            alike = key.start_mark, child
    return alike


class _Loader(yaml.CSafeLoader):
    """A safe loader that refuses duplicate keys, and says where a date is that there is not."""

    def construct_yaml_timestamp(self, node: yaml.ScalarNode) -> date:
        try:
            return super().construct_yaml_timestamp(node)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(
                None, None, f"{node.value} is no date: {error}", node.start_mark
            ) from None

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        try:
            return super().construct_yaml_int(node)
        except ValueError:
            raise yaml.constructor.ConstructorError(
                None, None, f"a number of {len(node.value)} digits is too long", node.start_mark
            ) from None

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, object]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value!r} stands twice", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


for _tag, _constructor in {
    "timestamp": _Loader.construct_yaml_timestamp,
    "int": _Loader.construct_yaml_int,
}.items():
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _constructor)


def read_documents(path: str, data: bytes) -> Iterator[Document | RuleError]:
    """Yield the documents of a rule file; what is no YAML ends the file and stands for its rest."""
    try:
        text = _checked_text(path, data)
    except RuleError as error:
        yield error
        return
    lines = text.splitlines()
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
                continue
            yield _document(path, loader, node, lines, aliased="&" in text)
    except yaml.MarkedYAMLError as error:
        yield _marked(path, "This is not YAML: ", error, lines)
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        yield RuleError(f"This is not YAML: {error}.", where=path)
    finally:
        loader.dispose()


def _marked(path: str, beginning: str, error: yaml.MarkedYAMLError, lines: list[str]) -> RuleError:
    mark = error.problem_mark
    problem = (error.problem or str(error)).rstrip(".")
    where = f"{path}:{mark.line + 1}" if mark else path
    has_tab = mark is not None and "\t" in "".join(lines[mark.line : mark.line + 1])
    hint = "YAML is indented with blanks, not with tabs." if has_tab else ""
    said = f"{beginning}{problem}."
    return RuleError(said[0].upper() + said[1:], where=where, hint=hint)


def _checked_text(path: str, data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise RuleError(f"The file has {len(data)} bytes.", where=path, hint=_SIZE_HINT)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RuleError(
            "The file is not UTF-8.", where=f"{path}:{line}", hint="Save it as UTF-8."
        ) from None
    brackets = text.count("[") + text.count("{") > MAX_DEPTH
    if brackets or (("- - " in text or "? " in text) and _NESTED_ON_ONE_LINE.search(text)):
        _check_depth(path, text)
    return text


_SIZE_HINT = f"A rule file may have {MAX_BYTES} bytes; split it."


def _check_depth(path: str, text: str) -> None:
    """Refuse deep nesting before anything recurses: the event parser does not."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                line = event.start_mark.line + 1 if event.start_mark else 1
                what = f"The nesting is deeper than {MAX_DEPTH} levels."
                raise RuleError(what, where=f"{path}:{line}")
    except yaml.YAMLError:
        return  # the reader proper reports it, with its line


def _document(
    path: str, loader: _Loader, node: yaml.Node, lines: list[str], *, aliased: bool
) -> Document | RuleError:
    first, last = node.start_mark.line, node.end_mark.line
    where = f"{path}:{first + 1}"
    if not isinstance(node, yaml.MappingNode):
        return RuleError("A rule is a mapping with title, logsource and detection.", where=where)
    if aliased and size_of(node) > MAX_NODES:
        return RuleError(
            f"Its aliases expand to more than {MAX_NODES} nodes, or to themselves.",
            where=where,
            hint="Write the values out.",
        )
    try:
        body = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        return _marked(path, "", error, lines)
    document = Document(path, first + 1, body, tuple(lines[first : last + 1]), node)
    for key in body:
        if not isinstance(key, str):
            return RuleError("Every key of a rule is text.", where=document.where(str(key)))
    return document


def size_of(node: yaml.Node) -> int:
    """Return how many nodes `node` is with aliases written out; too many for a circle."""
    return _size(node, {}, set())


def _size(node: yaml.Node, known: dict[int, int], open_nodes: set[int]) -> int:
    if isinstance(node, yaml.ScalarNode):
        return 1
    key = id(node)
    if key in open_nodes:
        return MAX_NODES + 1
    if key not in known:
        open_nodes.add(key)
        pairs = isinstance(node, yaml.MappingNode)
        children = [n for pair in node.value for n in pair] if pairs else node.value
        known[key] = 1 + sum(_size(child, known, open_nodes) for child in children)
        open_nodes.discard(key)
    return known[key]
