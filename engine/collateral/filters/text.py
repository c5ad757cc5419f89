"""The text of a filter with its places, and a cursor that reads it from left to right."""

import re
from dataclasses import dataclass

from engine.errors import InputError

LONGEST_QUOTED = 60
"""Characters of a name or value that an error repeats."""

_BLANK = re.compile(r"\s*")
_NEXT_WORD = re.compile(r"[\w.%+\-&']+|\S|\Z")
_QUOTED = {quote: re.compile(f"{quote}((?:[^{quote}]|{quote}{quote})*){quote}") for quote in ('"', "'")}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a text: 0-based offset, 1-based line and column."""

    offset: int
    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class FilterError(InputError):
    """A filter that cannot be read. `place` is the place in its text; `where` names it, or the sheet cell."""

    def __init__(self, number: str, problem: str, *, place: Place, remedy: str, where: str = "") -> None:
        super().__init__(number, problem, where=where or str(place), remedy=remedy)
        self.place = place


def place_of(text: str, offset: int) -> Place:
    """The place of a 0-based offset."""
    before = text[:offset]
    return Place(offset, before.count("\n") + 1, offset - before.rfind("\n"))


def shortened(text: str) -> str:
    """A text as an error quotes it: its beginning, where it is long."""
    return text if len(text) <= LONGEST_QUOTED else f"{text[:LONGEST_QUOTED]}..."


def require_readable(text: str) -> None:
    """FilterError CLO-1181 for a text with a NUL character, which no field can hold."""
    if "\0" in text:
        raise FilterError(
            "CLO-1181",
            "The filter contains a character that is no text",
            place=place_of(text, text.index("\0")),
            remedy="Type the filter again.",
        )


class Cursor:
    """Reads a text from left to right; blanks between words do not matter."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.offset = 0
        self._skip()

    @property
    def place(self) -> Place:
        """Where the next word stands."""
        return place_of(self.text, self.offset)

    @property
    def is_at_end(self) -> bool:
        """Whether nothing follows."""
        return self.offset >= len(self.text)

    @property
    def is_at_quote(self) -> bool:
        """Whether a quoted text follows."""
        return self.text[self.offset : self.offset + 1] in _QUOTED

    @property
    def found(self) -> str:
        """The next word as an error quotes it."""
        return "the end of the filter" if self.is_at_end else f"'{shortened(self.match(_NEXT_WORD))}'"

    def match(self, pattern: re.Pattern[str]) -> str:
        """What the pattern matches here, empty where it does not; the cursor stays."""
        found = pattern.match(self.text, self.offset)
        return found.group() if found else ""

    def take(self, pattern: re.Pattern[str]) -> str:
        """What the pattern matches here; the cursor steps over it."""
        found = self.match(pattern)
        self.step(len(found))
        return found

    def step(self, length: int) -> None:
        """Go forward by `length` characters and the blanks after them."""
        if length:
            self.offset += length
            self._skip()

    def quoted(self) -> str:
        """The text in quotes that follows, doubled quotes made single; FilterError CLO-1186 where it does not end."""
        quote = self.text[self.offset]
        found = self.take(_QUOTED[quote])
        if not found:
            raise FilterError(
                "CLO-1186",
                f"The text in quotes that begins with {self.text[self.offset : self.offset + 20]} does not end",
                place=self.place,
                remedy=f"Close it with {quote}, and double a {quote} that belongs to the text.",
            )
        return found[1:-1].replace(quote * 2, quote)

    def unexpected(self, expected: str, remedy: str) -> FilterError:
        """The error CLO-1181 of finding something else than expected here."""
        return FilterError(
            "CLO-1181", f"Found {self.found} where {expected} is expected", place=self.place, remedy=remedy
        )

    def _skip(self) -> None:
        found = _BLANK.match(self.text, self.offset)
        self.offset = found.end() if found else self.offset
