"""Check digits of ISIN, CUSIP and LEI (spec 07 §3.1)."""

import re


def _digits(text: str) -> str:
    """Letters as 10 to 35, digits as they are."""
    return "".join(str(int(letter, 36)) for letter in text)


def is_isin(text: str) -> bool:
    """Two letters, nine letters or digits, and a check digit that fits (Luhn over the digits)."""
    if not re.fullmatch(r"[A-Z]{2}[A-Z0-9]{9}[0-9]", text, re.ASCII):
        return False
    total = 0
    for i, digit in enumerate(reversed(_digits(text))):
        doubled = int(digit) * (1 + i % 2)
        total += doubled // 10 + doubled % 10
    return total % 10 == 0


def is_cusip(text: str) -> bool:
    """Eight letters or digits and a check digit that fits (modulus 10, double-add-double)."""
    if not re.fullmatch(r"[A-Z0-9*@#]{8}[0-9]", text, re.ASCII):
        return False
    values = {**{str(i): i for i in range(10)}, **{chr(65 + i): 10 + i for i in range(26)}, "*": 36, "@": 37, "#": 38}
    total = 0
    for i, letter in enumerate(text[:8]):
        value = values[letter] * (1 + i % 2)
        total += value // 10 + value % 10
    return (10 - total % 10) % 10 == int(text[8])


def is_lei(text: str) -> bool:
    """Eighteen letters or digits and two check digits that fit (ISO 7064 mod 97-10)."""
    return bool(re.fullmatch(r"[A-Z0-9]{18}[0-9]{2}", text, re.ASCII)) and int(_digits(text)) % 97 == 1
