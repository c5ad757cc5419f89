"""Arrays lent to a kernel: the same memory and type, without the reference count.

numba counts references of every array that a compiled function hands to another one, atomically; with dozens of arrays
in named tuples that costs more than the arithmetic. `borrowed` gives views that own nothing, for which the compiler
leaves the counting out. Whoever calls the kernel keeps the arrays alive.
"""

from typing import Any, TypeVar

from numba.core import types
from numba.extending import intrinsic, overload
from numba.np.arrayobj import make_array, populate_array

T = TypeVar("T")


def borrowed(value: T) -> T:
    """The value with every array in it replaced by a view that owns nothing; uncompiled, the value itself.

    A value is an array, a number, or a named tuple of values.
    """
    return value


@intrinsic
def _lend(_context: Any, array: Any) -> Any:
    """The array without its owner: same data, shape and strides."""

    def build(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        source = make_array(array)(context, builder, arguments[0])
        lent = make_array(array)(context, builder)
        populate_array(
            lent,
            data=source.data,
            shape=source.shape,
            strides=source.strides,
            itemsize=source.itemsize,
            meminfo=None,
        )
        return lent._getvalue()

    return array(array), build


lend: Any = _lend
"""The intrinsic as compiled code calls it: without the typing context."""


@overload(borrowed)
def _borrowed(value):  # type: ignore[no-untyped-def]  # numba compares this signature with those it returns
    if isinstance(value, types.Array):
        return lambda value: lend(value)  # noqa: PLW0108 (numba compiles the lambda)
    if isinstance(value, types.BaseNamedTuple):
        members = ", ".join(f"borrowed(value[{i}])" for i in range(len(value)))
        kind: Any = value
        scope = {"borrowed": borrowed, "Kind": kind.instance_class}
        # A compiled function cannot build a tuple of unlike members in a loop: the line is written out per type.
        exec(f"def lend_all(value):\n    return Kind({members})", scope)  # noqa: S102 (text of our own, no input)
        return scope["lend_all"]
    return lambda value: value
