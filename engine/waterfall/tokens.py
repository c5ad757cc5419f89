"""Words of a waterfall text with their places, and a cursor that reads them one after the other."""

import math
import re
from dataclasses import dataclass

from engine.errors import ProgramError
from engine.waterfall.program import Place

_TOKEN = re.compile(r">=|<=|[A-Za-z0-9_.\-+%/&]+|\S")
_WORD = re.compile(r"[A-Za-z0-9_.\-+%/&]+")


@dataclass(frozen=True, slots=True)
class Token:
    """One word or sign and where it starts."""

    text: str
    place: Place

    @property
    def is_word(self) -> bool:
        """Whether this is a name, keyword or number rather than a sign."""
        return bool(_WORD.fullmatch(self.text))


def tokens_of(line: str, number: int) -> list[Token]:
    """Words and signs of a line up to its comment; `number` is the line's, 1-based."""
    code = line.split("#", 1)[0]
    return [Token(match.group(), Place(number, match.start() + 1)) for match in _TOKEN.finditer(code)]


def statements_of(tokens: list[Token]) -> list[list[Token]]:
    """The statements of a line, parted by semicolons; empty ones are left out."""
    statements: list[list[Token]] = [[]]
    for token in tokens:
        if token.text == ";":
            statements.append([])
        else:
            statements[-1].append(token)
    return [statement for statement in statements if statement]


def problem(number: str, text: str, place: Place, remedy: str) -> ProgramError:
    """A ProgramError at a place of the text."""
    return ProgramError(number, text, where=str(place), remedy=remedy)


def listed(names: object) -> str:
    """`A, B or C` for a remedy."""
    words = [str(name) for name in names]  # type: ignore[attr-defined]
    if len(words) < 2:
        return "".join(words) or "none"
    return f"{', '.join(words[:-1])} or {words[-1]}"


class Cursor:
    """Reads one statement from left to right."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._position = 0

    @property
    def place(self) -> Place:
        """Where the next word stands, or the end of the statement."""
        if self._position < len(self._tokens):
            return self._tokens[self._position].place
        last = self._tokens[-1]
        return Place(last.place.line, last.place.column + len(last.text))

    @property
    def found(self) -> str:
        """The next word as an error quotes it."""
        token = self.peek()
        return f"'{token.text}'" if token else "the end of the statement"

    def peek(self) -> Token | None:
        """The next word, None at the end."""
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def take(self, text: str) -> bool:
        """Step over the next word if it is `text` (keywords in any case)."""
        token = self.peek()
        if token is None or token.text.upper() != text.upper():
            return False
        self._position += 1
        return True

    def unexpected(self, expected: str, remedy: str = "") -> ProgramError:
        """The error of finding something else than expected here."""
        advice = remedy or "Correct the statement or put a semicolon or a new line before it."
        return problem("CLO-1201", f"Found {self.found} where {expected} is expected", self.place, advice)

    def expect(self, text: str, purpose: str) -> None:
        """Step over `text`, which must stand here."""
        if not self.take(text):
            raise self.unexpected(f"'{text}' {purpose}")

    def word(self, expected: str) -> Token:
        """The next name."""
        token = self.peek()
        if token is None or not token.is_word:
            raise self.unexpected(expected)
        self._position += 1
        return token

    def words(self) -> list[Token]:
        """All names up to the next sign or the end."""
        taken = []
        while (token := self.peek()) is not None and token.is_word:
            taken.append(token)
            self._position += 1
        return taken

    def number(self, meaning: str, least: float = 0.0, most: float = math.inf) -> float:
        """The next word as a number between two bounds; `50%` is 0.5."""
        token = self.word(meaning)
        text = token.text.removesuffix("%")
        try:
            value = float(text) / (100.0 if text != token.text else 1.0)
        except ValueError:
            value = math.nan
        bounds = f"from {least:g} to {most:g}" if most < math.inf else f"of {least:g} or more"
        if not least <= value <= most or math.isinf(value):
            raise problem("CLO-1209", f"Found '{token.text}' for {meaning}", token.place, f"Give a number {bounds}.")
        return value

    def account(self) -> int:
        """The next word as an account number, 1 to 9."""
        token = self.word("an account number")
        if token.text not in "123456789" or len(token.text) != 1:
            raise problem(
                "CLO-1209", f"Found '{token.text}' for an account number", token.place, "Give a number from 1 to 9."
            )
        return int(token.text)

    def end(self) -> None:
        """Nothing may follow."""
        if self.peek() is not None:
            raise self.unexpected("the end of the statement")
