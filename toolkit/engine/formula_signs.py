"""Characters of formulas by their names in LaTeX."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

__all__ = ["BIG", "FUNCTIONS", "UnsayableError", "is_upright", "named", "spelled"]


class UnsayableError(Exception):
    """There is no LaTeX for it; never leaves the engine's files of formulas."""


BIG = frozenset("∑∏∫∮⋃⋂")

# What TeX's extension font calls by letters, where a file has no map of its own.
_EXTENSION: Mapping[str, str] = {
    "X": "∑",
    "P": "∑",
    "Z": "∫",
    "R": "∫",
    "Y": "∏",
    "Q": "∏",
    "p": "√",
}
_EXTENSION_FONT = re.compile(r"CMEX|LMEX|MTEX|Maths?Extension")

_COMMANDS = r"""
α alpha β beta γ gamma δ delta ε epsilon ζ zeta η eta θ theta ι iota κ kappa λ lambda μ mu ν nu
ξ xi π pi ρ rho ς varsigma σ sigma τ tau υ upsilon φ varphi χ chi ψ psi ω omega
Γ Gamma Δ Delta Θ Theta Λ Lambda Ξ Xi Π Pi Σ Sigma Φ Phi Ψ Psi Ω Omega
ϵ epsilon ϑ vartheta ϕ phi ϱ rho µ mu
× times ÷ div ± pm ∓ mp · cdot ∙ cdot ⋅ cdot ∘ circ ◦ circ ⊗ otimes ⊕ oplus
≤ leq ≥ geq ≠ neq ≈ approx ≡ equiv ∼ sim ≃ simeq ≅ cong ∝ propto ≪ ll ≫ gg
→ rightarrow ⟶ rightarrow ← leftarrow ⇒ Rightarrow ⇔ Leftrightarrow
∈ in ∉ notin ⊂ subset ⊆ subseteq ∪ cup ∩ cap ∅ emptyset ∀ forall ∃ exists
∂ partial ∇ nabla ∞ infty ∑ sum ∏ prod ∫ int ∮ oint ⋃ bigcup ⋂ bigcap
… ldots ⋯ cdots ⊥ perp ℓ ell ħ hbar ℏ hbar ⟨ langle ⟩ rangle ⌊ lfloor ⌋ rfloor
"""


def _commands(table: str) -> dict[str, str]:
    """Pairs of a character and a command's name."""
    parts = table.split()
    return {char: f"\\{name}" for char, name in zip(parts[::2], parts[1::2], strict=True)}


_NAMES: Mapping[str, str] = _commands(_COMMANDS) | {
    **dict.fromkeys("−–", "-"),
    **dict.fromkeys("|∣", "|"),
    **{char: f"\\{char}" for char in "{}%&#$"},
    "∗": "*",
    "∥": r"\|",
    "′": "'",
    "°": r"^{\circ}",
}
_PLAIN = frozenset("=+-*/()[]<>,.;:!?'|")
FUNCTIONS = frozenset(
    (
        *("arccos", "arcsin", "arctan", "arg", "cos", "cosh", "cot", "csc", "deg", "det", "dim"),
        *("exp", "gcd", "inf", "lim", "ln", "log", "max", "min", "sec", "sin", "sinh", "sup"),
        *("tan", "tanh"),
    )
)
_ITALIC = re.compile(r"CMMI|LMMI|MTMI|Italic|Oblique|Ital\b|-It|MathIt", re.IGNORECASE)


def spelled(char: str, font: str) -> str:
    """*char* as it is read in *font*: TeX's signs of several sizes, letters of mathematics."""
    if _EXTENSION_FONT.search(font) and char in _EXTENSION:
        return _EXTENSION[char]
    # Letters of mathematics have places of their own, an alphabet a style.
    return unicodedata.normalize("NFKC", char) if char >= "\U0001d400" else char


def is_upright(char: str, font: str) -> bool:
    """Whether *char* is a letter as words are set of, rather than a variable."""
    return char.isascii() and char.isalpha() and not _ITALIC.search(font)


def named(run: Sequence[tuple[str, bool, bool]]) -> str:
    """A run of signs in LaTeX, each (sign, whether it is upright, whether a space is before it).

    Raises UnsayableError for a character that has no name.
    """
    out = ""
    at = 0
    while at < len(run):
        sign, upright, spaced = run[at]
        if upright:
            end = at + 1
            while end < len(run) and run[end][1] and not run[end][2]:
                end += 1
            out += _word("".join(one for one, _, _ in run[at:end]), spaced=spaced)
            at = end
            continue
        out += _name(sign)
        at += 1
    return out


def _word(word: str, *, spaced: bool) -> str:
    if word in FUNCTIONS:
        return f"\\{word} "
    if len(word) == 1:
        return word
    text = f" {word}" if spaced else word
    return rf"\text{{{text}}}" if len(word) > 2 else rf"\mathrm{{{word}}}"


def _name(sign: str) -> str:
    if sign in _PLAIN or (sign.isascii() and sign.isalnum()):
        return sign
    name = _NAMES.get(sign)
    if name is None:
        raise UnsayableError(sign)
    return f"{name} " if name[-1:].isalpha() else name
