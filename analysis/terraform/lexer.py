"""The tokens of HCL text, named as python-hcl2's grammar names them.

python-hcl2's own lexer cannot tell where a newline counts, takes a heredoc as one opaque token, lets a string run over lines and
reads `10 -12` as two numbers. This one follows hclsyntax, the reference implementation, and hands the same grammar a stream in
which those questions are settled, so that no second reading of the text is needed:
https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md

* A newline is significant only in a body and between the items of an object; elsewhere it is dropped, and so are comments.
* A heredoc is a string whose opening token says so (`<<EOT`, `<<-EOT`); its interpolations are tokens like any other.
* The keywords of `for` expressions and of template directives are keywords only where they can be; else they are names.
* A run of `!` and `-` before an operand is one token.
* Nesting is bounded (`MAX_DEPTH`), so that whoever walks the tree by recursion need not fear a hostile file.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

MAX_DEPTH: Final = 400
"""The deepest nesting of brackets, operators and traversal steps in one expression; Terraform in the wild stays below 50."""


class Malformed(Exception):  # noqa: N818 - it is caught and becomes a diagnostic; it is not a bug in the program
    """Text that is not HCL: the sentence that says why, and where."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class Token(NamedTuple):
    """A terminal of the grammar, with its text and where it stands; `line` and `column` count from 1."""

    type: str
    value: str
    line: int
    column: int


class Frame:
    """An open bracket: what it is, where it was opened, and what the text inside it may still contain."""

    __slots__ = ("awaits_in", "column", "depth", "has_newline", "heredoc", "is_for", "items", "kind", "line", "offset")

    def __init__(self, kind: str, offset: int, line: int, column: int, depth: int) -> None:
        self.kind = kind
        self.offset = offset
        self.line = line
        self.column = column
        self.depth = depth
        self.heredoc = ""  # of a heredoc: its end marker
        self.items = 0  # of a block: arguments and blocks seen so far
        self.has_newline = False  # of a block: whether its items stand on lines of their own
        self.is_for = False  # of a `for` expression: `if` after an operand is its filter
        self.awaits_in = False  # of a `for` introduction: the next `in` ends it


CODE = re.compile(
    r"""[ \t]*(?:
      (?P<NAME>[^\W\d][\w-]*)
    | (?P<PLAIN>"[^"\\$%\n]*")
    | (?P<NEWLINE>\r?\n)
    | (?P<NUMBER>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    | (?P<QUOTE>")
    | (?P<COMMENT>(?:\#|//)[^\n]*)
    | (?P<INLINE>/\*)
    | (?P<HEREDOC><<(?P<dash>-?)(?P<marker>[^\W\d][\w-]*)(?P<eol>\r?\n)?)
    | (?P<SPLAT>\[[ \t]*\*[ \t]*\])
    | (?P<SYMBOL>\.\.\.|\.\*|==|=>|!=|<=|>=|&&|\|\||::|~\}|[.=<>!\-+*/%?:,()\[\]{}])
    )""",
    re.VERBOSE,
)

SYMBOLS: Final = {
    "...": "ELLIPSIS",
    ".*": "ATTR_SPLAT",
    "==": "DOUBLE_EQ",
    "=>": "FOR_OBJECT_ARROW",
    "!=": "NEQ",
    "<=": "LEQ",
    ">=": "GEQ",
    "&&": "DOUBLE_AMP",
    "||": "DOUBLE_PIPE",
    "::": "COLONS",
    ".": "DOT",
    "=": "EQ",
    "<": "LT",
    ">": "GT",
    "!": "NOT",
    "-": "MINUS",
    "+": "PLUS",
    "*": "ASTERISK",
    "/": "SLASH",
    "%": "PERCENT",
    "?": "QMARK",
    ":": "COLON",
    ",": "COMMA",
}
LITERALS: Final = {"true": "TRUE", "false": "FALSE", "null": "NULL"}
DEEPENING: Final = frozenset(
    (
        "DOT",
        "ATTR_SPLAT",
        "DOUBLE_EQ",
        "NEQ",
        "LEQ",
        "GEQ",
        "LT",
        "GT",
        "DOUBLE_AMP",
        "DOUBLE_PIPE",
        "MINUS",
        "PLUS",
        "ASTERISK",
        "SLASH",
        "PERCENT",
        "QMARK",
    )
)
OPERAND_ENDS: Final = frozenset(
    (
        "NAME",
        "INT_LITERAL",
        "FLOAT_LITERAL",
        "TRUE",
        "FALSE",
        "NULL",
        "RPAR",
        "RSQB",
        "RBRACE",
        "DBLQUOTE",
        "TEMPLATE_STRING",
        "ATTR_SPLAT",
        "FULL_SPLAT_START",
    )
)
UNARY_RUN = re.compile(r"[-!](?:[ \t]*[-!](?!=))*")
# No possessive quantifiers: Python 3.11.0 to 3.11.4 match them wrongly (https://github.com/python/cpython/issues/106052). Nothing
# follows that could fail, so none of these goes back.
QUOTED_TEXT = re.compile(r'(?:[^"\\$%\n]+|\\[^\n]|\$\$\{|%%\{|\$(?!\{)|%(?!\{))*')
TEMPLATE_TEXT = re.compile(r"(?:[^$%\n]+|\$\$\{|%%\{|\$(?!\{)|%(?!\{))*\n?")
DIGITS = re.compile(r"[0-9]+")
DIRECTIVE_WORD = re.compile(r"\s*([a-z]+)")
OPENING: Final = {"(": "LPAR", "[": "LSQB", "{": "LBRACE"}
CLOSERS: Final = {
    "paren": ")",
    "tuple": "]",
    "index": "]",
    "object": "}",
    "block": "}",
    "interpolation": "}",
    "for object": "}",
}
DIRECTIVES: Final = {"if": "IF", "else": "ELSE", "endif": "ENDIF", "for": "FOR", "endfor": "ENDFOR"}
UNFINISHED_LINE: Final = (
    "the value ends in the middle of an expression; one that goes on over several lines must stand in parentheses"
)
TEMPLATES: Final = frozenset({"quoted", "heredoc", "bare"})


class Lexer:
    """One pass over one text. `tokens` is the result; a text that cannot be HCL raises `Malformed`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.offset = 0
        self.line = 1
        self.line_start = 0
        self.depth = 0
        self.frames: list[Frame] = [Frame("body", 0, 1, 1, 0)]
        self.frames[0].has_newline = True
        self.tokens: list[Token] = []
        self.previous = "NEWLINE"
        self.in_value = False  # in a body: after the `=` of an argument

    # --- entry points ----------------------------------------------------------------------------------------------------------

    def body(self) -> list[Token]:
        """The tokens of a whole file."""
        self.run()
        if len(self.frames) > 1:
            raise unclosed(self.frames[-1])
        if self.in_value and self.previous not in OPERAND_ENDS:
            raise self.malformed("the file ends in the middle of an expression", self.offset)
        return self.tokens

    def expression(self) -> list[Token]:
        """The tokens of `value = (text)`: newlines do not count, as inside parentheses."""
        self.synthetic("NAME", "EQ", "LPAR")
        self.in_value = True
        self.push("whole")
        self.previous = "LPAR"
        self.run()
        if len(self.frames) > 2:
            raise unclosed(self.frames[-1])
        if self.previous not in OPERAND_ENDS:
            raise self.malformed("the expression is not complete", self.offset)
        self.synthetic("RPAR")
        return self.tokens

    def template(self) -> list[Token]:
        """The tokens of `value = <text>` where the whole text is a template, as of `templatefile`."""
        self.synthetic("NAME", "EQ", "DBLQUOTE")
        self.push("bare")
        self.run()
        if len(self.frames) > 2:
            raise unclosed(self.frames[-1])
        self.synthetic("DBLQUOTE")
        return self.tokens

    # --- the loop --------------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Read to the end, in turns as code and as the text of a template."""
        end = len(self.text)
        while True:
            kind = self.frames[-1].kind
            if kind in TEMPLATES:
                self.template_text(kind)
                if self.offset >= end and self.frames[-1].kind in TEMPLATES:
                    return
            elif not self.code():
                return

    def code(self) -> bool:
        """Tokens until a template's text begins or goes on; False at the end of the text."""
        text, emit = self.text, self.tokens.append
        match_code = CODE.match
        while True:
            found = match_code(text, self.offset)
            if found is None:
                return self.no_token()
            kind = found.lastgroup
            start = found.start(kind)  # type: ignore[arg-type]  # the expression matched, so a group did
            end = found.end()
            line, column = self.line, start - self.line_start + 1
            self.offset = end
            match kind:
                case "NAME":
                    name = found["NAME"]
                    if name == "core" and text.startswith("::", end):
                        self.offset = end + 2
                        continue
                    token = self.word(name, start)
                    emit(Token(token, name, line, column))
                    self.previous = token
                case "SYMBOL":
                    symbol = found["SYMBOL"]
                    if symbol in "([{":
                        self.open(symbol, start)
                    elif symbol in (")", "]", "}", "~}"):
                        if self.close(symbol, start):
                            return True
                    else:
                        self.operator(symbol, start)
                case "NEWLINE":
                    self.newline(start)
                    self.line += 1
                    self.line_start = end
                case "PLAIN":
                    self.operand(start)
                    if self.is_header():
                        emit(Token("DBLQUOTE", '"', line, column))
                        if end - start > 2:
                            emit(Token("STRING_CHARS", text[start + 1 : end - 1], line, column + 1))
                        emit(Token("DBLQUOTE", '"', line, column))
                        self.previous = "DBLQUOTE"
                    else:
                        emit(Token("TEMPLATE_STRING", found["PLAIN"], line, column))
                        self.previous = "TEMPLATE_STRING"
                case "NUMBER":
                    self.number(found["NUMBER"], start)
                case "COMMENT":
                    pass
                case "INLINE":
                    self.inline_comment(start)
                case "SPLAT":
                    self.splat(found["SPLAT"], start)
                case "QUOTE":
                    self.operand(start)
                    emit(Token("DBLQUOTE", '"', line, column))
                    self.push("quoted", start)
                    return True
                case _:
                    self.heredoc(found)
                    return True

    def no_token(self) -> bool:
        """Nothing matched: fine at the end of the text, else an error about the character there."""
        text = self.text
        offset = self.offset
        while offset < len(text) and text[offset] in " \t":
            offset += 1
        self.offset = offset
        if offset == len(text):
            return False
        character = text[offset]
        if character == ";":
            message = "a semicolon separates nothing in Terraform; start a new line"
        elif character == "'":
            message = "a string stands in double quotes, not in single ones"
        elif character in "&|":
            message = f"`{character}` is no operator; did you mean `{character * 2}`?"
        elif character == "\r":
            message = "a carriage return must be followed by a newline"
        elif character.isprintable():
            message = f"the character `{character}` has no meaning here"
        else:
            message = f"the control character U+{ord(character):04X} is not allowed; is this a text file in UTF-8?"
        raise self.malformed(message, offset)

    def malformed(self, message: str, offset: int) -> Malformed:
        """The error with the message, at an offset of the text."""
        text = self.text
        return Malformed(message, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))

    # --- code ------------------------------------------------------------------------------------------------------------------

    def emit(self, kind: str, value: str, start: int) -> None:
        """Append a token that begins at `start` on the current line."""
        self.tokens.append(Token(kind, value, self.line, start - self.line_start + 1))
        self.previous = kind

    def synthetic(self, *kinds: str) -> None:
        """Append tokens that are not in the text, so that a part of it becomes what the grammar knows: a body."""
        self.tokens.extend(Token(kind, '""' if kind == "DBLQUOTE" else "value", 1, 1) for kind in kinds)

    def push(self, kind: str, start: int = 0) -> Frame:
        """Open a frame; the depth of the expression around it goes on inside it."""
        self.deepen(start)
        frame = Frame(kind, start, self.line, start - self.line_start + 1, self.depth)
        self.frames.append(frame)
        return frame

    def pop(self) -> Frame:
        """Close the innermost frame; its depth is gone."""
        frame = self.frames.pop()
        self.depth = frame.depth - 1
        return frame

    def deepen(self, start: int) -> None:
        """Count one more level of the tree."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.malformed(
                f"the expression is nested deeper than {MAX_DEPTH} levels; split it into locals", start
            )

    def is_header(self) -> bool:
        """Whether this is where a block's labels stand."""
        return not self.in_value and self.frames[-1].kind in ("body", "block") and self.previous in ("NAME", "DBLQUOTE")

    def operand(self, start: int) -> None:
        """Check that an operand may begin at `start`."""
        frame = self.frames[-1]
        kind = frame.kind
        if kind in ("body", "block") and not self.in_value:
            if self.previous in ("NAME", "DBLQUOTE"):
                return  # a label of a block
            self.item(frame, start)
            raise self.malformed("an argument or a block must begin with a name", start)
        if self.previous in OPERAND_ENDS:
            if kind in ("body", "block"):
                raise self.malformed("a new argument must start on a new line", start)
            if kind == "object":
                raise self.malformed("an item of an object must be followed by a comma or a new line", start)
            if kind in ("tuple", "paren"):
                raise self.malformed(f"a comma or `{CLOSERS[kind]}` is missing before this", start)
            raise self.malformed(f"an operator or `{CLOSERS.get(kind, 'the end')}` is missing before this", start)

    def item(self, frame: Frame, start: int) -> None:
        """Check that an argument or a block may begin at `start`, and count it."""
        if self.previous not in ("NEWLINE", "LBRACE"):
            raise self.malformed("a block must be followed by a new line", start)
        if frame.kind == "block" and not frame.has_newline and frame.items:
            raise self.malformed(
                "a block on one line may hold one argument only; give each argument its own line", start
            )
        frame.items += 1

    def word(self, name: str, start: int) -> str:
        """The terminal that a word is in this place."""
        frame = self.frames[-1]
        kind = frame.kind
        previous = self.previous
        if kind in ("body", "block") and not self.in_value:
            if previous not in ("NAME", "DBLQUOTE"):
                self.item(frame, start)
            return "NAME"
        if previous in ("DOT", "COLONS", "FOR"):
            return "NAME"
        if name == "in" and frame.awaits_in:
            frame.awaits_in = False
            return "IN"
        if name == "if" and frame.is_for and (previous in OPERAND_ENDS or previous == "ELLIPSIS"):
            self.depth = frame.depth
            return "IF"
        if previous in OPERAND_ENDS:
            self.operand(start)
        if name == "for" and previous in ("LSQB", "LBRACE") and kind in ("tuple", "object"):
            if kind == "object":
                frame.kind = "for object"
            frame.is_for = frame.awaits_in = True
            return "FOR"
        return LITERALS.get(name, "NAME")

    def number(self, text: str, start: int) -> None:
        """A number; after a dot only its digits, which are an index."""
        if self.previous == "DOT":
            digits = DIGITS.match(text)
            assert digits is not None  # noqa: S101 - a number begins with a digit
            self.offset = start + digits.end()
            if digits.end() < len(text):
                raise self.malformed("a second index by `.` cannot follow directly; write `[…]` instead", self.offset)
            self.emit("INT_LITERAL", text, start)
            return
        self.operand(start)
        self.emit("INT_LITERAL" if text.isdigit() else "FLOAT_LITERAL", text, start)

    def operator(self, symbol: str, start: int) -> None:
        """An operator or a separator; a sign before an operand is gathered with the signs after it."""
        kind = SYMBOLS[symbol]
        frame = self.frames[-1]
        if symbol in "-!" and self.previous not in OPERAND_ENDS:
            if not self.in_value and frame.kind in ("body", "block"):
                self.operand(start)
            run = UNARY_RUN.match(self.text, start)
            assert run is not None  # noqa: S101 - it begins with the sign at hand
            self.offset = run.end()
            signs = "".join(run[0].split())
            for _ in signs:
                self.deepen(start)
            self.emit(kind, signs, start)
            return
        if frame.kind in ("body", "block") and not self.in_value:
            if kind == "EQ" and self.previous == "NAME":
                self.in_value = True
            elif self.previous in ("NAME", "DBLQUOTE"):
                raise self.malformed(
                    "an argument needs `=`, a block needs `{`, after its name; a name has no quotes", start
                )
            else:
                raise self.malformed(
                    f"an argument or a block must begin with a name, not with `{symbol}`; an expression goes on over several "
                    "lines only inside parentheses",
                    start,
                )
        elif kind == "COMMA":
            if self.previous == "NL_OR_COMMENT":
                raise self.malformed("a comma stands at the end of the line before, not here", start)
            self.depth = frame.depth
        elif kind in DEEPENING:
            self.deepen(start)
        self.emit(kind, symbol, start)

    def open(self, symbol: str, start: int) -> None:
        """An opening bracket: what it opens depends on what stands before it."""
        follows_operand = self.previous in OPERAND_ENDS
        in_body = self.frames[-1].kind in ("body", "block") and not self.in_value
        if symbol == "{":
            if in_body:
                if self.previous not in ("NAME", "DBLQUOTE"):
                    raise self.malformed("a block must begin with its type, such as `resource`", start)
                kind = "block"
            else:
                self.operand(start)
                kind = "object"
        elif in_body:
            raise self.malformed("an argument needs `=`, a block needs `{`, after its name", start)
        elif symbol == "[":
            kind = "index" if follows_operand else "tuple"
        else:
            if follows_operand and self.previous != "NAME":
                self.operand(start)
            kind = "paren"
        self.emit(OPENING[symbol], symbol, start)
        self.push(kind, start)

    def close(self, symbol: str, start: int) -> bool:
        """A closing bracket; True where a template's text goes on behind it."""
        frame = self.frames[-1]
        kind = frame.kind
        if kind in ("body", "whole"):
            raise self.malformed(f"`{symbol}` closes nothing", start)
        wanted = CLOSERS[kind]
        if symbol != wanted and not (symbol == "~}" and kind == "interpolation"):
            raise self.malformed(
                f"`{symbol}` does not close the `{self.text[frame.offset : frame.offset + 1]}` of line {frame.line}; "
                f"`{wanted}` is missing before it",
                start,
            )
        if kind == "block":
            if self.in_value:
                if self.previous not in OPERAND_ENDS:
                    raise self.malformed("the value of this argument is missing", start)
                if frame.has_newline:
                    raise self.malformed("an argument must be followed by a new line, also before `}`", start)
                self.in_value = False
            elif frame.items and not frame.has_newline and self.previous == "BLOCK":
                raise self.malformed("a block within a block must stand on a line of its own", start)
            elif frame.items and self.previous == "BLOCK":
                raise self.malformed("a block must be followed by a new line, also before `}`", start)
            elif self.previous in ("NAME", "DBLQUOTE"):
                raise self.malformed("an argument needs `=`, a block needs `{`, after its name", start)
            self.emit("RBRACE", symbol, start)
            self.pop()
            self.previous = "BLOCK"
            return False
        self.pop()
        if kind == "interpolation":
            self.emit("RBRACE", symbol, start)
            return True
        if kind in ("tuple", "index"):
            self.emit("RSQB", symbol, start)
            if kind == "index":
                self.deepen(start)
        else:
            self.emit("RPAR" if kind == "paren" else "RBRACE", symbol, start)
        return False

    def splat(self, symbol: str, start: int) -> None:
        """`[*]` after an operand."""
        if self.previous not in OPERAND_ENDS:
            raise self.malformed("`[*]` must follow the list that it goes through", start)
        self.deepen(start)
        self.emit("FULL_SPLAT_START", symbol, start)

    def newline(self, start: int) -> None:
        """A newline: the end of an argument in a body, a separator in an object, nothing elsewhere."""
        frame = self.frames[-1]
        kind = frame.kind
        if kind in ("body", "block"):
            if self.in_value:
                if self.previous not in OPERAND_ENDS:
                    raise self.malformed(
                        UNFINISHED_LINE,
                        start,
                    )
                if kind == "block" and not frame.has_newline:
                    raise self.malformed("a block on one line must end there; or give its argument its own line", start)
                self.in_value = False
                self.depth = frame.depth
            elif self.previous in ("NAME", "DBLQUOTE"):
                raise self.malformed("an argument needs `=`, a block needs `{`, on the same line as its name", start)
            if not frame.items:
                frame.has_newline = True
            self.previous = "NEWLINE"
        elif kind == "object":
            if self.previous in OPERAND_ENDS:
                self.emit("NL_OR_COMMENT", "\n", start)
                self.depth = frame.depth
            elif self.previous not in ("LBRACE", "COMMA", "NL_OR_COMMENT"):
                raise self.malformed(
                    UNFINISHED_LINE,
                    start,
                )

    def inline_comment(self, start: int) -> None:
        """A `/* */` comment: white space, whatever it contains."""
        end = self.text.find("*/", start + 2)
        if end < 0:
            raise self.malformed("this comment is not closed with `*/`", start)
        self.offset = end + 2
        self.skip_lines(start, self.offset)

    def skip_lines(self, start: int, end: int) -> None:
        """Count the newlines between two offsets."""
        lines = self.text.count("\n", start, end)
        if lines:
            self.line += lines
            self.line_start = self.text.rfind("\n", start, end) + 1

    # --- templates -------------------------------------------------------------------------------------------------------------

    def heredoc(self, found: re.Match[str]) -> None:
        """The opening of a heredoc; its text begins on the next line."""
        start = found.start("HEREDOC")
        self.operand(start)
        if found["eol"] is None:
            raise self.malformed(
                f"the name of a heredoc, `{found['marker']}`, must be the last thing on its line", start
            )
        self.emit("DBLQUOTE", f"<<{found['dash']}{found['marker']}", start)
        frame = self.push("heredoc", start)
        frame.heredoc = found["marker"]
        self.line += 1
        self.line_start = self.offset

    def template_text(self, kind: str) -> None:
        """The text up to the next interpolation or directive, or to the end of the template."""
        if kind == "quoted":
            self.quoted_text()
        else:
            self.lines_of_text(self.frames[-1])
        if self.text.startswith(("${", "%{"), self.offset) and self.frames[-1].kind in TEMPLATES:
            self.begin_sequence()

    def quoted_text(self) -> None:
        """The text of a quoted string, and its closing quote if that comes next."""
        text, start = self.text, self.offset
        found = QUOTED_TEXT.match(text, start)
        assert found is not None  # noqa: S101 - the expression matches the empty text
        self.offset = end = found.end()
        if end > start:
            self.tokens.append(Token("STRING_CHARS", text[start:end], self.line, start - self.line_start + 1))
        if end >= len(text):
            raise unclosed(self.frames[-1])
        if text[end] == '"':
            self.pop()
            self.emit("DBLQUOTE", '"', end)
            self.offset = end + 1
        elif text[end] in "\n\\":
            raise self.malformed(
                "this string is not closed on its line; write `\\n` for a line break, or use a heredoc",
                self.frames[-1].offset,
            )

    def lines_of_text(self, frame: Frame) -> None:
        """The text of a heredoc or of a template file, one token a line; of a heredoc also its end."""
        text = self.text
        at_line_start = self.offset == self.line_start
        while self.offset < len(text):
            start = self.offset
            if frame.heredoc and at_line_start:
                end = text.find("\n", start)
                if text[start : end if end >= 0 else len(text)].strip() == frame.heredoc:
                    if end < 0:
                        raise self.malformed(
                            f"the end `{frame.heredoc}` of a heredoc must be followed by a new line", start
                        )
                    self.pop()
                    self.emit("DBLQUOTE", frame.heredoc, start)
                    self.offset = end - 1 if text[end - 1] == "\r" else end
                    return
            found = TEMPLATE_TEXT.match(text, start)
            assert found is not None  # noqa: S101 - the expression matches the empty text
            self.offset = end = found.end()
            if end > start:
                self.tokens.append(Token("STRING_CHARS", text[start:end], self.line, start - self.line_start + 1))
            if end == start or text[end - 1] != "\n":
                break
            self.line += 1
            self.line_start = end
            at_line_start = True
        if self.offset >= len(text) and frame.heredoc:
            raise unclosed(frame)

    def begin_sequence(self) -> None:
        """`${` or `%{`, with its `~`, and the keyword of a directive."""
        text, start = self.text, self.offset
        is_directive = text[start] == "%"
        self.offset = start + (3 if text.startswith("~", start + 2) else 2)
        self.emit("DIRECTIVE_START" if is_directive else "INTERP_START", text[start : self.offset], start)
        frame = self.push("interpolation", start)
        self.previous = "INTERP_START"
        if is_directive:
            found = DIRECTIVE_WORD.match(text, self.offset)
            word = found[1] if found else ""
            if found is None or word not in DIRECTIVES:
                raise self.malformed(
                    "`%{` must be followed by if, else, endif, for or endfor; a plain `%{` is written `%%{`", start
                )
            self.skip_lines(self.offset, found.end())
            self.offset = found.end()
            self.emit(DIRECTIVES[word], word, found.start(1))
            frame.awaits_in = word == "for"


def unclosed(frame: Frame) -> Malformed:
    """The error that an open bracket, string or heredoc is never closed."""
    if frame.kind == "quoted":
        return Malformed("this string is not closed", frame.line, frame.column)
    if frame.kind == "heredoc":
        return Malformed(f"this heredoc has no end: a line that holds only `{frame.heredoc}`", frame.line, frame.column)
    return Malformed(f"this is not closed; `{CLOSERS.get(frame.kind, '}')}` is missing", frame.line, frame.column)
