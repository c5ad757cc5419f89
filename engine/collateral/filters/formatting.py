"""Write a filter as text; the inverse of `engine.collateral.filters.parser` for standard expressions.

Fields have the analysts' names, keywords capitals, texts quotes, and brackets show which part of a mixed AND and OR
comes first. An expression of the legacy reading is written in the same way, which shows how the legacy model took the
text; True and False, to which it reduced some parts, are no words of the language.
"""

from engine.collateral.filters.syntax import EVERYTHING, And, Comparison, Expression, Not, OneOf, Value


def format_filter(expression: Expression) -> str:
    """The text of a filter, empty for one that selects everything."""
    return "" if expression == EVERYTHING else _written(expression)


def _written(expression: Expression) -> str:
    if isinstance(expression, Comparison):
        value = _value(expression.value, expression)
        return f"{expression.field} {expression.operator.value} {value}"
    if isinstance(expression, OneOf):
        return f"{expression.field} IN ({', '.join(_value(value, expression) for value in expression.values)})"
    if isinstance(expression, Not):
        return f"NOT {_bracketed(expression.operand)}"
    if not expression.parts:
        return "True" if isinstance(expression, And) else "False"
    keyword = " AND " if isinstance(expression, And) else " OR "
    return keyword.join(_bracketed(part) for part in expression.parts)


def _bracketed(expression: Expression) -> str:
    is_single = isinstance(expression, Comparison | OneOf | Not) or not expression.parts
    return _written(expression) if is_single else f"({_written(expression)})"


def _value(value: Value, expression: Comparison | OneOf) -> str:
    if not expression.reading.is_text:
        return value.text
    doubled = value.text.replace('"', '""')
    return f'"{doubled}"'
