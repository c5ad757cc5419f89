"""Read the text form of a waterfall (spec 02 §14.5); the inverse of `engine.waterfall.formatting`.

    program MAG 6
    mode standard
    tranches A B C D E SUB
    control  A>A B>B C>C D>D E>E
    oc  B: A B; C: A B C; EOD: A
    ic  B: A B; C: A B C
    INT:
      FEE T; FEE AD; INT A; INT B          # steps in order, one or several a line
      CURE I B B | IC C | OC C             # side, ic test or -, oc test, tests that share the cure
      ?REINV DIVERT ID 0.5                 # ?condition or ?!condition before a step, at most two
      EQUITY I
    PRIN: ... NPS: ... EOD: ...

Every mistake is a ProgramError with line and column, what was found and what is expected.
"""

from engine.errors import ProgramError
from engine.modes import Mode
from engine.waterfall.checks import section_findings
from engine.waterfall.program import (
    EQUITY,
    STANDARD_FEES,
    Comparand,
    Comparison,
    ControlEntry,
    CoverageTest,
    FeeCode,
    Metric,
    Place,
    Predicate,
    Program,
    Step,
)
from engine.waterfall.steps import Names, read_step
from engine.waterfall.tokens import Cursor, Token, listed, problem, statements_of, tokens_of

_HEADERS = ("program", "mode", "tranches", "fee", "control", "oc", "ic")
_SECTIONS = ("PRE", "INT", "PRIN", "NPS", "EOD")


def parse_program(text: str) -> Program:
    """The program a text describes; raises the first ProgramError of the text."""
    program, findings = _read(text)
    if findings:
        raise findings[0]
    if program is None:
        raise AssertionError("a text without findings is a program")
    return program


def check_program(text: str) -> list[ProgramError]:
    """All mistakes of a text in its order; empty for a valid program."""
    return _read(text)[1]


def _read(text: str) -> tuple[Program | None, list[ProgramError]]:
    reader = _Reader()
    for number, line in enumerate(text.splitlines(), start=1):
        tokens = tokens_of(line, number)
        if tokens:
            reader.read_line(tokens, line)
    program = reader.finish()
    findings = list(reader.findings)
    if program is not None:
        findings += section_findings(program)
    return (None if findings else program), findings


class _Reader:
    """Collects the parts of a program line by line, and the mistakes it meets."""

    def __init__(self) -> None:
        self.findings: list[ProgramError] = []
        self._name = ""
        self._mode = Mode.STANDARD
        self._fees: list[FeeCode] = list(STANDARD_FEES)
        self._control: list[ControlEntry] = []
        self._tranches: list[str] = []
        self._tests: dict[str, list[CoverageTest]] = {"oc": [], "ic": []}
        self._predicates: list[Predicate] = []
        self._sections: dict[str, list[Step]] = {}
        self._seen_headers: set[str] = set()
        self._section = ""
        self._last_line = 1

    def read_line(self, tokens: list[Token], line: str) -> None:
        """Read one line that is not empty."""
        self._last_line = tokens[0].place.line
        head = tokens[0].text
        if head.lower() in _HEADERS and not (head.isupper() and self._section):
            self._guard(lambda: self._read_header(head.lower(), tokens, line))
        elif len(tokens) > 1 and tokens[1].text == ":" and tokens[0].is_word:
            self._guard(lambda: self._open_section(tokens[0]))
            self._read_statements(tokens[2:])
        elif not self._section:
            remedy = f"Begin with {listed(_HEADERS)}, or open section {listed(_SECTIONS)}."
            self.findings.append(
                problem("CLO-1208", f"Found '{head}' where a header or a section is expected", tokens[0].place, remedy)
            )
        else:
            self._read_statements(tokens)

    def finish(self) -> Program | None:
        """The program, or None where a part is missing or wrong."""
        end = Place(self._last_line, 1)
        for header in ("tranches", "control", "oc"):
            if header not in self._seen_headers:
                self.findings.append(
                    problem(
                        "CLO-1207",
                        f"The program has no '{header}' line",
                        end,
                        f"Add a line that begins with {header} before the first section.",
                    )
                )
        for section in _SECTIONS[1:]:
            if section not in self._sections:
                self.findings.append(
                    problem("CLO-1207", f"The program has no section {section}", end, f"Add a section {section}:.")
                )
        if self.findings:
            return None
        return Program(
            name=self._name,
            mode=self._mode,
            tranches=tuple(self._tranches),
            fees=tuple(self._fees),
            control=tuple(self._control),
            oc=tuple(self._tests["oc"]),
            ic=tuple(self._tests["ic"]),
            predicates=tuple(self._predicates),
            interest=tuple(self._sections["INT"]),
            principal=tuple(self._sections["PRIN"]),
            notes=tuple(self._sections["NPS"]),
            event_of_default=tuple(self._sections["EOD"]),
        )

    def _guard(self, read: object) -> None:
        try:
            read()  # type: ignore[operator]
        except ProgramError as error:
            self.findings.append(error)

    def _names(self) -> Names:
        return Names(
            tranches=tuple(self._tranches),
            fees=tuple(fee.code for fee in self._fees),
            oc=tuple(test.name for test in self._tests["oc"]),
            ic=tuple(test.name for test in self._tests["ic"]),
            labels=tuple(entry.label for entry in self._control),
            predicates=tuple(predicate.name for predicate in self._predicates),
        )

    def _open_section(self, token: Token) -> None:
        name = token.text.upper()
        if name not in _SECTIONS:
            self._section = ""
            raise problem("CLO-1208", f"Section '{token.text}' is not known", token.place, f"Use {listed(_SECTIONS)}.")
        self._section = name
        if name in self._sections:
            raise problem(
                "CLO-1206", f"Section {name} stands here a second time", token.place, "Join the two sections."
            )
        self._sections[name] = []

    def _read_statements(self, tokens: list[Token]) -> None:
        for statement in statements_of(tokens):
            if self._section == "PRE":
                self._guard(lambda tokens=statement: self._read_predicate(Cursor(tokens)))
            elif self._section:
                self._guard(lambda tokens=statement: self._read_step(Cursor(tokens)))

    def _read_step(self, cursor: Cursor) -> None:
        self._sections[self._section].append(read_step(cursor, self._names()))

    def _read_predicate(self, cursor: Cursor) -> None:
        name = cursor.word("the name of a predicate")
        self._refuse_second(name, [predicate.name for predicate in self._predicates], "Predicate")
        cursor.expect("=", "after the name of a predicate")
        terms = [_read_comparand(cursor)]
        while cursor.take("and"):
            terms.append(_read_comparand(cursor))
        cursor.end()
        self._predicates.append(Predicate(name.text, tuple(terms), name.place))

    def _read_header(self, keyword: str, tokens: list[Token], line: str) -> None:
        if self._section:
            raise problem(
                "CLO-1208",
                f"Found '{keyword}' inside section {self._section}",
                tokens[0].place,
                "Move the line before the first section.",
            )
        if keyword in self._seen_headers and keyword in ("program", "mode", "tranches"):
            raise problem(
                "CLO-1206", f"'{keyword}' stands here a second time", tokens[0].place, "Keep one of the two lines."
            )
        self._seen_headers.add(keyword)
        cursor = Cursor(tokens)
        cursor.take(keyword)
        if keyword == "program":
            self._name = line.split("#", 1)[0].strip()[len(keyword) :].strip()
        elif keyword == "mode":
            self._read_mode(cursor)
        elif keyword == "tranches":
            self._read_tranches(cursor)
        elif keyword == "fee":
            self._read_fee(cursor, line)
        elif keyword == "control":
            self._read_control(cursor)
        else:
            for statement in statements_of(tokens[1:]):
                self._read_test(keyword, Cursor(statement))

    def _read_mode(self, cursor: Cursor) -> None:
        if cursor.take("legacy"):
            self._mode = Mode.LEGACY
        elif not cursor.take("standard"):
            raise cursor.unexpected("'standard' or 'legacy'")
        cursor.end()

    def _read_tranches(self, cursor: Cursor) -> None:
        for token in cursor.words():
            self._refuse_second(token, self._tranches, "Tranche")
            self._tranches.append(token.text)
        cursor.end()
        if self._tranches[-1:] != [EQUITY] or len(self._tranches) < 2:
            raise problem(
                "CLO-1218",
                "The list of tranches does not end with the subordinated notes",
                cursor.place,
                f"Name at least one tranche and end the list with {EQUITY}.",
            )

    def _read_fee(self, cursor: Cursor, line: str) -> None:
        code = cursor.word("a fee code")
        self._refuse_second(code, [fee.code for fee in self._fees], "Fee")
        cursor.expect(":", "after a fee code")
        if cursor.peek() is None:
            raise cursor.unexpected("the name of the fee in the deal")
        name = line.split("#", 1)[0][cursor.place.column - 1 :].strip()
        self._fees.append(FeeCode(code.text, name, code.place))

    def _read_control(self, cursor: Cursor) -> None:
        names = self._names()
        while cursor.peek() is not None:
            place = cursor.place
            tranches = [names.tranche(cursor)]
            while cursor.take(","):
                tranches.append(names.tranche(cursor))
            cursor.expect(">", "between the tranches and the label of a control entry")
            self._control.append(ControlEntry(tuple(tranches), cursor.word("a label").text, place))

    def _read_test(self, keyword: str, cursor: Cursor) -> None:
        name = cursor.word("the name of a test")
        self._refuse_second(name, [test.name for test in self._tests[keyword]], f"{keyword.upper()} test")
        cursor.expect(":", "after the name of a test")
        names = self._names()
        tranches = [names.tranche(cursor)]
        while cursor.peek() is not None:
            tranches.append(names.tranche(cursor))
        if len(set(tranches)) < len(tranches):
            raise problem(
                "CLO-1217",
                f"The denominator of {keyword.upper()} test {name.text} counts a tranche twice",
                name.place,
                "Name each tranche once.",
            )
        self._tests[keyword].append(CoverageTest(name.text, tuple(tranches), name.place))

    @staticmethod
    def _refuse_second(token: Token, known: list[str], kind: str) -> None:
        if token.text in known:
            raise problem("CLO-1206", f"{kind} {token.text} stands here a second time", token.place, "Name it once.")


def _read_comparand(cursor: Cursor) -> Comparand:
    metric = cursor.word("a metric")
    metrics = {member.value: member for member in Metric}
    if metric.text not in metrics:
        raise problem("CLO-1212", f"Metric '{metric.text}' is not known", metric.place, f"Use {listed(metrics)}.")
    for comparison in (Comparison.AT_LEAST, Comparison.AT_MOST, Comparison.ABOVE, Comparison.BELOW):
        if cursor.take(comparison.value):
            return Comparand(metrics[metric.text], comparison, cursor.number("the level of a metric", least=-1e9))
    raise cursor.unexpected("'>', '<', '>=' or '<='")
