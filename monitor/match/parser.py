"""Query text → tree: precedence climbing over the binding powers of the operators' rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

from monitor.match.gaps import refuse_gap, touch
from monitor.match.lexer import Token, TokenKind, read_tokens
from monitor.match.nesting import (
    PIECES,
    flat_score,
    push_field,
    push_metadata,
    refuse_crowd,
    refuse_metadata,
    refuse_unplaced,
)
from monitor.match.operators import COUNTED, FUNCTIONS, OPERATORS
from monitor.match.operators.field import FIELDS
from monitor.match.operators.metadata import METADATA
from monitor.match.syntax import Leaf, LeafKind, Node, Op, Span, leaves
from monitor.match.terms import (
    Suffix,
    fail,
    make_forms,
    make_leaf,
    make_window,
    read_number,
    read_suffix,
    read_weight,
    refuse_bang,
    split_weight,
)

MAX_CHARACTERS, MAX_LEAVES, MAX_DEPTH = 20_000, 2_000, 50
MAX_DISTANCE, MAX_COUNT = 200, 1_000_000
BARE = 4
"""Words between for NEAR without a number."""
STARTS: frozenset[TokenKind] = frozenset(
    {"(", "word", "phrase", "exact", "=", "-", "concept", "field", "function", "forms"}
)

_POWERS = {name: row.power for name, row in OPERATORS.items()}


def parse(query: str) -> Node:
    """The tree of a query. Raises QueryFault at the first syntax error."""
    if len(query) > MAX_CHARACTERS:
        fail("012", (0, 1), f"the query has {len(query)} characters, {MAX_CHARACTERS} are allowed", "split the watch")
    parser = _Parser(query, read_tokens(query))
    return parser.read()


@dataclass(slots=True)
class _Parser:
    query: str
    tokens: tuple[Token, ...]
    at: int = 0
    depth: int = 0
    leaves: int = 0
    scoring: bool = False
    """Inside SCORE, where terms may have weights."""

    def read(self) -> Node:
        if self.now.kind == "end":
            fail("002", (0, 1), "the query is empty", 'write a word, a "phrase" or a @concept')
        node = self.read_expression(0)
        if self.now.kind == ")":
            fail("001", self.now.span, "this parenthesis was never opened", "remove it, or write \\ before it")
        return node

    @property
    def now(self) -> Token:
        """The token that comes next."""
        return self.tokens[self.at]

    def closes(self) -> bool:
        return self.now.kind == ")"

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def read_expression(self, power: int) -> Node:
        """An operand and all infix operators behind it that bind tighter than `power`."""
        leaf = self.tokens[self.at].leaf
        left = self.read_operand() if leaf is None or self.depth >= MAX_DEPTH else self.read_common(leaf)
        while (name := self.infix()) is not None and _POWERS[name] > power:
            left = self.read_chain(name, left) if name in ("AND", "OR") else self.read_near(name, left)
        return left

    def read_common(self, leaf: Leaf) -> Node:
        """A word or phrase without signs."""
        self.at += 1
        return self.count(leaf) if leaf.kind == "word" else self.finish(leaf)

    def read_chain(self, name: str, left: Node) -> Node:
        """All operands of one AND or OR."""
        parts, power = [left], _POWERS[name]
        while (operator := self.tokens[self.at]).argument == name:
            self.at += 1
            if self.tokens[self.at].leaf is None:
                self.expect_operand(operator)
            parts.append(self.read_expression(power))
        return Op(name, tuple(parts), (parts[0].span[0], parts[-1].span[1]))

    def read_near(self, name: str, left: Node) -> Node:
        operator = self.take()
        words, ordered = read_distance(operator)
        self.expect_operand(operator)
        right = self.read_expression(_POWERS[name])
        node = Op(name, (left, right), (left.span[0], right.span[1]), words, ordered)
        refuse_crowd(node)
        for side in node.parts:
            refuse_unplaced(side, name)
        return node

    def infix(self) -> str | None:
        """Name of the infix operator that comes next; None at an end. Anything else is a fault."""
        token = self.tokens[self.at]
        if token.kind == "operator" and token.argument:
            return token.argument
        return None if token.kind in ("end", ")") else self.refuse_second_term(token)

    def refuse_second_term(self, token: Token) -> NoReturn:
        before = self.tokens[self.at - 1]
        if token.kind == "word" and touch(before, token) and token.text[0] in "~^":
            self.refuse_suffix(token)
        refuse_gap(self.query, before, token)

    def refuse_suffix(self, token: Token) -> NoReturn:
        if token.text[0] == "~":
            fail("007", token.span, "a distance (~) stands behind a phrase only", 'write "a b"~5, or use NEAR')
        fail("014", token.span, "a weight (^) stands behind a term only, inside SCORE", f"remove {token.text}")

    def expect_operand(self, operator: Token) -> None:
        if self.now.kind == "operator" and self.now.text == "NOT":
            return
        if self.now.kind not in STARTS:
            fail("002", operator.span, f"{operator.text} has nothing on its right", "add a term, or remove it")

    def read_operand(self) -> Node:
        self.descend()
        token = self.take()
        node = self.read_operator(token) if token.kind in ("operator", "-") else self.read_bound(token)
        self.depth -= 1
        return node

    def descend(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            fail("012", self.now.span, f"nested deeper than {MAX_DEPTH} levels", "use fewer parentheses")

    def read_operator(self, token: Token) -> Node:
        if token.argument:
            fail("002", token.span, f"{token.text} has nothing on its left", "add a term, or remove it")
        self.expect_operand(token)
        inner = self.read_operand()
        if isinstance(inner, Op) and inner.name == "NOT":
            return inner.parts[0]
        return Op("NOT", (inner,), (token.span[0], inner.span[1]))

    def read_bound(self, token: Token) -> Node:
        readers: dict[TokenKind, Callable[[Token], Node]] = {
            "field": self.read_field,
            "(": self.read_group,
            "function": self.read_function,
            "forms": self.read_forms,
            "concept": self.read_concept,
            "=": self.read_accent,
            "word": self.read_term,
            "phrase": self.read_term,
            "exact": self.read_term,
        }
        return readers.get(token.kind, self.refuse_start)(token)

    def refuse_start(self, token: Token) -> NoReturn:
        if token.kind == ")":
            fail("001", token.span, "this parenthesis was never opened", "remove it, or write \\ before it")
        fail("002", token.span, "NOT stands behind a field", "write it before the field: NOT title:word")

    def read_field(self, token: Token) -> Node:
        names = (*FIELDS, *METADATA)
        if token.text not in names:
            near = get_close_matches(token.text, names, 1)
            remedy = f"did you mean {near[0]}:?" if near else f"fields are {', '.join(names)}; or quote the word"
            fail("004", token.span, f"there is no field {token.text}:", remedy)
        self.expect_operand(token)
        self.descend()
        inner = self.read_bound(self.take())
        self.depth -= 1
        if token.text in METADATA:
            node = push_metadata(inner, METADATA[token.text], token.span)
        else:
            field = FIELDS[token.text]
            node = push_field(inner, field, token.span) if field else inner
        return node._replace(span=(token.span[0], node.span[1]))

    def read_group(self, opened: Token) -> Node:
        if self.closes():
            fail("002", (opened.span[0], self.now.span[1]), "empty parentheses", "put a term in them, or remove them")
        if self.now.kind == "end":
            fail("001", opened.span, "this parenthesis is never closed", "add )")
        node = self.read_expression(0)
        if not self.closes():
            fail("001", opened.span, "this parenthesis is never closed", "add )")
        closed = self.take()
        span = (opened.span[0], closed.span[1])
        return (
            Op(node.name, node.parts, span, node.count, node.ordered)
            if isinstance(node, Op)
            else node._replace(span=span)
        )

    def read_function(self, token: Token) -> Node:
        name, slash, number = token.text.partition("/")
        if name not in FUNCTIONS:
            self.refuse_function(name, token)
        count = 0
        if name in COUNTED:
            count = read_number(number, MAX_COUNT, token.span, f"{name}/", least=1)
        if slash and name not in COUNTED:
            fail("007", token.span, f"{name} takes no number", f"write {name}( )")
        if name in COUNTED and not count:
            fail("007", token.span, f"{name}/0 asks for nothing", "write at least 1")
        node = Op(name, (self.read_inside(name),), token.span, count)
        if name in PIECES:
            refuse_metadata(node)
        if name == "SCORE":
            node = flat_score(node)
        return node._replace(span=(token.span[0], self.tokens[self.at - 1].span[1]))

    def read_inside(self, name: str) -> Node:
        """What stands in the parentheses of a function."""
        self.descend()
        outer, self.scoring = self.scoring, name == "SCORE"
        node = self.read_group(self.take())
        self.scoring = outer
        self.depth -= 1
        return node

    def refuse_function(self, name: str, token: Token) -> NoReturn:
        if name.lower() == "forms":
            fail("002", token.span, "forms takes a word and a language", "write forms(word, en)")
        near = get_close_matches(name, FUNCTIONS, 1)
        fail(
            "004", token.span, f"there is no function {name}", f"did you mean {near[0]}?" if near else "quote the word"
        )

    def read_forms(self, token: Token) -> Node:
        return self.finish(make_forms(self.query, token))

    def read_concept(self, token: Token) -> Node:
        name, _, tier = token.text.partition(".")
        if not name or ("." in token.text and tier != "weak"):
            remedy = f"write @{name} or @{name}.weak" if name else "name a concept behind @"
            fail("005", token.span, "a concept is written @name or @name.weak", remedy)
        return self.finish(Leaf("concept", name, token.span, weak=tier == "weak"))

    def read_accent(self, token: Token) -> Node:
        if self.now.kind not in ("word", "phrase") or self.now.span[0] != token.span[1]:
            fail("002", token.span, "= has no word behind it", "write =word, without a blank")
        word = self.take()
        return self.read_leaf("accent", word, (token.span[0], word.span[1]))

    def read_term(self, token: Token) -> Node:
        kind: LeafKind = "word" if token.kind == "word" else "phrase" if token.kind == "phrase" else "exact"
        return self.read_leaf(kind, token, token.span)

    def read_leaf(self, kind: LeafKind, token: Token, span: Span) -> Node:
        if token.kind != "word":
            return self.finish(make_leaf(kind, token, span))
        if read_suffix(token) and len(token.text) > 1:
            fail("014" if token.text[0] == "^" else "007", span, f"{token.text} stands behind no term", "quote it")
        refuse_bang(token, span)
        bare, weight = split_weight(token)
        if re.search("~[0-9]*$", bare.text) and bare.text.rfind("~") not in token.escaped:
            self.refuse_suffix(token._replace(text="~"))
        leaf = make_leaf(kind, bare, span)
        return self.finish(self.weigh(leaf, Suffix(weight=weight), span))

    def finish(self, leaf: Leaf) -> Node:
        """The leaf with the distance and the weight that stand right behind it."""
        after = self.now
        touches = after.kind == "word" and after.span[0] == leaf.span[1]
        suffix = read_suffix(after) if touches else None
        if suffix is None or (suffix.distance is not None and leaf.kind != "phrase"):
            return self.count(leaf)
        self.take()
        leaf = self.weigh(leaf, suffix, after.span)
        if suffix.distance is None:
            return self.count(leaf._replace(span=(leaf.span[0], after.span[1])))
        leaf = leaf._replace(span=(leaf.span[0], after.span[1]))
        words = read_number(suffix.distance, MAX_DISTANCE, after.span, '"a b"~')
        return self.count_all(make_window(leaf, words))

    def weigh(self, leaf: Leaf, suffix: Suffix, span: Span) -> Leaf:
        if suffix.weight is None:
            return leaf
        return leaf._replace(weight=read_weight(suffix.weight, span, self.scoring))

    def count_all(self, node: Node) -> Node:
        for leaf in leaves(node):
            self.count(leaf)
        return node

    def count(self, leaf: Leaf) -> Leaf:
        self.leaves += 1
        if self.leaves > MAX_LEAVES:
            fail("012", leaf.span, f"more than {MAX_LEAVES} terms", "split the watch, or make a concept of them")
        return leaf


def read_distance(token: Token) -> tuple[int, bool]:
    """Words between, and whether the left side comes first. Raises QueryFault."""
    name, slash, number = token.text.partition("/")
    ordered = number.endswith("f") or "ONEAR" in name
    words = read_number(number.removesuffix("f"), MAX_DISTANCE, token.span, f"{name}/") if slash else BARE
    return words, ordered
