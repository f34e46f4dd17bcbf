"""Query text → tree: precedence climbing over the binding powers of the operators' rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import NoReturn

from monitor.match.lexer import FUNCTIONS, Token, TokenKind, read_tokens
from monitor.match.operators import INFIX, OPERATORS
from monitor.match.operators.field import FIELDS
from monitor.match.syntax import Fault, Leaf, LeafKind, Node, Op, QueryFault, Span
from monitor.model.article import FieldName

MAX_CHARACTERS, MAX_LEAVES, MAX_DEPTH = 20_000, 2_000, 50
LATER_FIELDS = frozenset({"author", "url", "tag", "lang", "source", "domain", "site", "country"})
FOREIGN = {"|": "OR", "||": "OR", "&": "AND", "&&": "AND", "+": "AND"}
"""Operators of other query languages."""
STARTS: frozenset[TokenKind] = frozenset({"(", "word", "phrase", "exact", "=", "-", "concept", "field", "function"})


def parse(query: str) -> Node:
    """The tree of a query. Raises QueryFault at the first syntax error."""
    if len(query) > MAX_CHARACTERS:
        fail("012", (0, 1), f"the query has {len(query)} characters, {MAX_CHARACTERS} are allowed", "split the watch")
    parser = _Parser(query, read_tokens(query))
    return parser.read()


def fail(number: str, span: Span, message: str, remedy: str = "") -> NoReturn:
    """Raises the fault `MON-QRY-<number>`."""
    raise QueryFault(Fault(f"MON-QRY-{number}", span, message, remedy))


def later(span: Span, what: str, remedy: str) -> NoReturn:
    """Refuses a form of the language that this version does not have."""
    fail("015", span, f"{what} is not supported by this version", remedy)


@dataclass(slots=True)
class _Parser:
    query: str
    tokens: tuple[Token, ...]
    at: int = 0
    depth: int = 0
    leaves: int = 0

    def read(self) -> Node:
        if self.now.kind == "end":
            fail("002", (0, 1), "the query is empty", 'write a word, a "phrase" or a @concept')
        node = self.read_expression(0)
        if self.now.kind == ")":
            fail("001", self.now.span, "this parenthesis was never opened", "remove it, or write \\ before it")
        return node

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def closes(self) -> bool:
        return self.now.kind == ")"

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def read_expression(self, power: int) -> Node:
        """An operand and all infix operators behind it that bind tighter than `power`."""
        left = self.read_operand()
        while (name := self.infix()) is not None and OPERATORS[name].power > power:
            parts = [left]
            while self.infix() == name:
                operator = self.take()
                self.expect_operand(operator)
                parts.append(self.read_expression(OPERATORS[name].power))
            left = Op(name, tuple(parts), (parts[0].span[0], parts[-1].span[1]))
        return left

    def infix(self) -> str | None:
        """Name of the infix operator that comes next; None at an end. Anything else is a fault."""
        token = self.now
        if token.kind in ("end", ")"):
            return None
        if token.kind == "operator" and token.text in INFIX:
            return token.text
        return self.refuse_second_term(token)

    def refuse_second_term(self, token: Token) -> NoReturn:
        if token.kind == "operator" and token.text == "NOT":
            fail("003", token.span, "NOT follows a term without AND", "write AND NOT")
        if token.kind == "operator":
            later(token.span, token.text, 'use AND, or a phrase such as "a b" for words side by side')
        before = self.tokens[self.at - 1]
        touching = before.span[1] == token.span[0]
        if touching and token.kind == "word" and token.text[0] in "~^":
            what = "a phrase with a distance (~)" if token.text[0] == "~" else "a weight (^)"
            later(token.span, what, f"remove {token.text}")
        if token.text.upper() in OPERATORS and token.kind == "word":
            fail(
                "003",
                token.span,
                f"{token.text} is a word like any other here",
                f"write {token.text.upper()} in capitals",
            )
        if token.text in FOREIGN:
            fail("003", token.span, f"{token.text} is no operator here", f"write {FOREIGN[token.text]}")
        both = self.query[before.span[0] : token.span[1]].replace('"', "")
        fail(
            "003", token.span, "two terms without an operator", f'write AND or OR between them, or quote both: "{both}"'
        )

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
        if token.text in INFIX:
            fail("002", token.span, f"{token.text} has nothing on its left", "add a term, or remove it")
        if token.text != "NOT":
            later(token.span, token.text, 'use AND, or a phrase such as "a b" for words side by side')
        self.expect_operand(token)
        inner = self.read_operand()
        if isinstance(inner, Op) and inner.name == "NOT":
            return inner.parts[0]
        return Op("NOT", (inner,), (token.span[0], inner.span[1]))

    def read_bound(self, token: Token) -> Node:
        readers: dict[TokenKind, Callable[[Token], Node]] = {
            "field": self.read_field,
            "(": self.read_group,
            "function": self.refuse_function,
            "concept": self.read_concept,
            "=": self.read_accent,
            "word": self.read_term,
            "phrase": self.read_term,
            "exact": self.read_term,
        }
        return readers.get(token.kind, self.refuse_gap)(token)

    def refuse_gap(self, token: Token) -> NoReturn:
        if token.kind == ")":
            fail("001", token.span, "this parenthesis was never opened", "remove it, or write \\ before it")
        fail("002", token.span, "NOT stands behind a field", "write it before the field: NOT title:word")

    def read_field(self, token: Token) -> Node:
        if token.text in LATER_FIELDS:
            later(token.span, f"the field {token.text}:", "use title:, summary:, body: or text:")
        if token.text not in FIELDS:
            near = get_close_matches(token.text, FIELDS, 1)
            remedy = (
                f"did you mean {near[0]}:?" if near else "fields are title:, summary:, body:, text:; or quote the word"
            )
            fail("004", token.span, f"there is no field {token.text}:", remedy)
        self.expect_operand(token)
        self.descend()
        inner = self.read_bound(self.take())
        self.depth -= 1
        field = FIELDS[token.text]
        node = push_field(inner, field, token.span) if field else inner
        return replace(node, span=(token.span[0], node.span[1]))

    def read_group(self, opened: Token) -> Node:
        if self.closes():
            fail("002", (opened.span[0], self.now.span[1]), "empty parentheses", "put a term in them, or remove them")
        if self.now.kind == "end":
            fail("001", opened.span, "this parenthesis is never closed", "add )")
        node = self.read_expression(0)
        if not self.closes():
            fail("001", opened.span, "this parenthesis is never closed", "add )")
        closed = self.take()
        return replace(node, span=(opened.span[0], closed.span[1]))

    def refuse_function(self, token: Token) -> NoReturn:
        name = token.text.split("/")[0]
        if name in FUNCTIONS:
            later(token.span, f"{name}( )", "use AND and OR")
        near = get_close_matches(name, FUNCTIONS, 1)
        fail(
            "004", token.span, f"there is no function {name}", f"did you mean {near[0]}?" if near else "quote the word"
        )

    def read_concept(self, token: Token) -> Node:
        name, _, tier = token.text.partition(".")
        if not name or ("." in token.text and tier != "weak"):
            fail("005", token.span, "a concept is written @name or @name.weak", "name a concept behind @")
        return self.count(Leaf("concept", name, token.span, weak=tier == "weak"))

    def read_accent(self, token: Token) -> Node:
        if self.now.kind not in ("word", "phrase") or self.now.span[0] != token.span[1]:
            fail("002", token.span, "= has no word behind it", "write =word, without a blank")
        word = self.take()
        return self.read_leaf("accent", word, (token.span[0], word.span[1]))

    def read_term(self, token: Token) -> Node:
        kind: LeafKind = "word" if token.kind == "word" else "phrase" if token.kind == "phrase" else "exact"
        return self.read_leaf(kind, token, token.span)

    def read_leaf(self, kind: LeafKind, token: Token, span: Span) -> Node:
        if kind == "word" and token.text[0] in "~^" and len(token.text) > 1:
            later(span, f"a sign {token.text[0]}", 'quote the word if the sign belongs to it: "^word"')
        plain = token.text if kind == "exact" else wildcards(token, span)
        if kind in ("word", "accent") and token.kind == "word" and "^" in plain:
            later(span, "a weight (^)", 'quote the word if the sign belongs to it: "a^2"')
        left = kind != "exact" and token.text.startswith("*") and 0 not in token.escaped
        right = kind != "exact" and token.text.endswith("*") and len(token.text) - 1 not in token.escaped
        return self.count(Leaf(kind, plain, span, open_left=left, open_right=right))

    def count(self, leaf: Leaf) -> Leaf:
        self.leaves += 1
        if self.leaves > MAX_LEAVES:
            fail("012", leaf.span, f"more than {MAX_LEAVES} terms", "split the watch, or make a concept of them")
        return leaf


def wildcards(token: Token, span: Span) -> str:
    """The text between the wildcards at its ends. Wildcards anywhere else are refused."""
    stars = {at for at, letter in enumerate(token.text) if letter == "*" and at not in token.escaped}
    ends = stars & {0, len(token.text) - 1}
    if len(stars) == len(token.text):
        fail("006", span, "a wildcard alone means everything", "add at least 3 letters, as in ukrain*")
    if len(ends) == 2:
        fail("006", span, "a wildcard at both ends", "keep the one at the beginning or the one at the end")
    inner = any(
        letter == "?" and at not in token.escaped and token.text[at + 1 :].strip("?")
        for at, letter in enumerate(token.text)
        if token.kind == "word"
    )
    if stars - ends or inner:
        later(span, "a wildcard inside a word", "use * at one end")
    return "".join(letter for at, letter in enumerate(token.text) if at not in ends)


def push_field(node: Node, field: FieldName, span: Span) -> Node:
    """Binds every leaf to a field. Raises QueryFault where a leaf is bound to another one already."""
    if isinstance(node, Op):
        return replace(node, parts=tuple(push_field(part, field, span) for part in node.parts))
    if node.field not in (None, field):
        fail("004", node.span, f"{node.field}: inside {field}: can never be true", "keep one of the two fields")
    return replace(node, field=field)
