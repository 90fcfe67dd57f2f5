"""HMAC-SHA256 of short messages by the million, four at a time in the lanes of 128-bit registers.

A digest by Python's hashlib costs a microsecond, half of it for the calls, and one thread may call at a time. Here
SHA-256 (FIPS 180-4) is written out as WebAssembly, which wasmtime turns into the machine's own code in 30 ms and runs
outside the interpreter's lock. A key's two padded blocks are hashed first (RFC 2104), so that a message costs two
blocks in place of four.
"""

import atexit
import functools
import hashlib
import hmac
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import wasmtime

Bytes = npt.NDArray[np.uint8]

BLOCK = 64  # bytes of a SHA-256 block
LONGEST = BLOCK - 9  # bytes of a message that fits one block, beside a bit that ends it and 64 that tell its length
_LANES = 4
_STATE, _LANE_BLOCK = 8 * 4 * _LANES, BLOCK * _LANES  # bytes of four states and of four blocks
_INNER, _OUTER, _SECOND, _MESSAGES = 0, _STATE, 2 * _STATE, 2 * _STATE + _LANE_BLOCK  # where memory holds what
_PAGE = 65_536


class Hmac:
    """HMAC-SHA256 under one key, which is kept in this process's memory alone."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        padded = (secret if len(secret) <= BLOCK else hashlib.sha256(secret).digest()).ljust(BLOCK, b"\0")
        self._pads = [bytes(byte ^ pad for byte in padded) for pad in (0x36, 0x5C)]

    def digests(self, prefix: bytes, texts: Bytes, ends: npt.NDArray[np.int64]) -> Bytes:
        """The first 16 bytes of the HMAC of each message: a prefix and a text.

        Args:
            texts: the bytes of all texts, one behind the other.
            ends: where each text ends.

        Returns:
            (messages, 16).
        """
        lengths = np.diff(ends, prepend=0)
        short = lengths <= LONGEST - len(prefix)
        if short.all():
            return self._of_blocks(_blocks(prefix, texts, lengths))
        found = np.empty((len(ends), 16), np.uint8)
        found[short] = self._of_blocks(_blocks(prefix, texts[np.repeat(short, lengths)], lengths[short]))
        for place in np.flatnonzero(~short):
            message = prefix + texts[ends[place] - lengths[place] : ends[place]].tobytes()
            found[place] = np.frombuffer(hmac.digest(self._secret, message, "sha256")[:16], np.uint8)
        return found

    def _of_blocks(self, blocks: Bytes) -> Bytes:
        """(messages, 64) padded blocks to (messages, 16)."""
        import wasmtime

        groups = -(-len(blocks) // _LANES)
        engine, module = _module()
        store = wasmtime.Store(engine)
        exports = wasmtime.Instance(store, module, []).exports(store)
        memory, compress, hmacs = exports["memory"], exports["compress"], exports["hmacs"]
        assert isinstance(memory, wasmtime.Memory)
        assert isinstance(compress, wasmtime.Func)
        assert isinstance(hmacs, wasmtime.Func)
        memory.grow(store, -(-(_MESSAGES + max(groups, 1) * _LANE_BLOCK) // _PAGE))
        words = np.ctypeslib.as_array(memory.get_buffer_ptr(store)).view(np.uint32)
        for at, pad in zip((_INNER, _OUTER), self._pads, strict=True):
            _lanes(words, at, 8)[:] = np.array(_roots(8, 2), np.uint32)[:, None]
            _lanes(words, _MESSAGES, 16)[:] = np.frombuffer(pad, ">u4")[:, None]
            compress(store, at, _MESSAGES, at)
        # The second block holds the first digest, which comes, the bit that ends it, and the length of both blocks.
        _lanes(words, _SECOND, 16)[8:] = np.array([1 << 31, *[0] * 6, 8 * (BLOCK + 32)], np.uint32)[:, None]
        whole = np.zeros((groups * _LANES, BLOCK), np.uint8)
        whole[: len(blocks)] = blocks
        held = words[_MESSAGES // 4 : _MESSAGES // 4 + groups * BLOCK].reshape(groups, 16, _LANES)
        held[:] = whole.view(">u4").reshape(groups, _LANES, 16).transpose(0, 2, 1)
        if groups:
            hmacs(store, _MESSAGES, _MESSAGES + groups * _LANE_BLOCK)
        first = np.ascontiguousarray(held[:, :4].transpose(0, 2, 1), dtype=">u4")
        return first.view(np.uint8).reshape(-1, 16)[: len(blocks)]


def _lanes(words: npt.NDArray[np.uint32], at: int, count: int) -> npt.NDArray[np.uint32]:
    """So many words of each lane, as (count, lanes)."""
    return words[at // 4 : at // 4 + count * _LANES].reshape(count, _LANES)


def _blocks(prefix: bytes, texts: Bytes, lengths: npt.NDArray[np.int64]) -> Bytes:
    """Each message as the last block of a hash that has had one block already: (messages, 64)."""
    blocks = np.zeros((len(lengths), BLOCK), np.uint8)
    blocks[:, : len(prefix)] = np.frombuffer(prefix, np.uint8)
    longest = int(lengths.max(initial=0))
    body = blocks[:, len(prefix) : len(prefix) + longest]
    body[np.arange(longest) < lengths[:, None]] = texts
    ends = lengths + len(prefix)
    blocks[np.arange(len(ends)), ends] = 0x80
    blocks[:, BLOCK - 2 :] = (8 * (BLOCK + ends)).astype(">u2").view(np.uint8).reshape(-1, 2)
    return blocks


@functools.cache
def _module() -> "tuple[wasmtime.Engine, wasmtime.Module]":
    import wasmtime

    engine = wasmtime.Engine()
    module = wasmtime.Module(engine, _text())
    for held in (engine, module):  # the last is closed first, and before the library goes
        atexit.register(held.close)
    return engine, module


def _text() -> str:
    """The module: `compress` puts four blocks into four states, `hmacs` makes a digest of each block in a range."""
    state, words = [f"$s{n}" for n in range(8)], [f"$w{n}" for n in range(16)]
    loads = [
        f"(local.set {name} (v128.load offset={16 * number} (local.get {where})))"
        for where, names in (("$state", state), ("$block", words))
        for number, name in enumerate(names)
    ]
    stores = [
        f"(v128.store offset={16 * n} (local.get $out) "
        f"{_add(_get(name), f'(v128.load offset={16 * n} (local.get $state))')})"
        for n, name in enumerate(state)
    ]
    lines = [*loads, *_rounds(state, words), *stores]
    return f"""
    (module
      (memory (export "memory") 1)
      (func $compress (export "compress") (param $state i32) (param $block i32) (param $out i32)
        {" ".join(f"(local {name} v128)" for name in (*state, *words, "$t"))}
        {" ".join(lines)})
      (func (export "hmacs") (param $at i32) (param $end i32)
        (loop $next
          (call $compress (i32.const {_INNER}) (local.get $at) (i32.const {_SECOND}))
          (call $compress (i32.const {_OUTER}) (i32.const {_SECOND}) (local.get $at))
          (local.set $at (i32.add (local.get $at) (i32.const {_LANE_BLOCK})))
          (br_if $next (i32.lt_u (local.get $at) (local.get $end))))))
    """


def _rounds(state: list[str], words: list[str]) -> Iterator[str]:
    """The 64 rounds of FIPS 180-4, section 6.2.2, each with the word of its schedule."""
    for number, constant in enumerate(_roots(64, 3)):
        word = words[number % 16]
        if number >= 16:
            near, far = _get(words[(number + 1) % 16]), _get(words[(number + 14) % 16])
            middle = _get(words[(number + 9) % 16])
            small_0 = _xor(_rotated(near, 7), _rotated(near, 18), _shifted(near, 3))
            small_1 = _xor(_rotated(far, 17), _rotated(far, 19), _shifted(far, 10))
            yield f"(local.set {word} {_add(_get(word), small_0, middle, small_1)})"
        a, b, c, d, e, f, g, h = map(_get, state)
        big_1 = _xor(_rotated(e, 6), _rotated(e, 11), _rotated(e, 25))
        choice = _xor(g, _and(e, _xor(f, g)))
        constants = f"(v128.const i32x4 {' '.join([str(constant)] * _LANES)})"
        yield f"(local.set $t {_add(h, big_1, choice, constants, _get(word))})"
        big_0 = _xor(_rotated(a, 2), _rotated(a, 13), _rotated(a, 22))
        majority = _or(_and(a, b), _and(c, _or(a, b)))
        yield f"(local.set {state[3]} {_add(d, _get('$t'))})"
        yield f"(local.set {state[7]} {_add(_get('$t'), big_0, majority)})"
        state = [state[7], *state[:7]]  # names move in the place of values


def _get(name: str) -> str:
    return f"(local.get {name})"


def _applied(operation: str, *values: str) -> str:
    return functools.reduce(lambda left, right: f"({operation} {left} {right})", values)


_add = functools.partial(_applied, "i32x4.add")
_xor = functools.partial(_applied, "v128.xor")
_and = functools.partial(_applied, "v128.and")
_or = functools.partial(_applied, "v128.or")


def _shifted(value: str, bits: int) -> str:
    return f"(i32x4.shr_u {value} (i32.const {bits}))"


def _rotated(value: str, bits: int) -> str:
    return _or(_shifted(value, bits), f"(i32x4.shl {value} (i32.const {32 - bits}))")


@functools.cache
def _roots(count: int, degree: int) -> tuple[int, ...]:
    """32 bits behind the point of the roots of the first primes: constants of SHA-256 (FIPS 180-4, 4.2.2 and 5.3.3)."""
    primes = [n for n in range(2, 312) if all(n % d for d in range(2, math.isqrt(n) + 1))][:count]
    return tuple(_root(prime << 32 * degree, degree) & 0xFFFFFFFF for prime in primes)


def _root(number: int, degree: int) -> int:
    """The whole part of a root, by halving."""
    low, high = 0, number
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= number else (low, middle - 1)
    return low
