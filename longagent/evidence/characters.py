"""Classes of characters that matching and cutting into words rest on; each is the inside of a regex `[...]`."""

# Scripts written without spaces between words, and Hangul, whose endings stick to the word.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003134f"
)
UNSPACED_MARKS = "\u3001-\u301f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff3d\uff5f-\uff65"
"""Punctuation of those scripts, after which a line may break without a space being meant."""
HYPHEN = "\\-\u00ad\u2010\u2011\u0002\ufffe"
"""Characters that join or break words; PDF readers write the last two where a line ends within a word."""
DASH = "\\-\u2010-\u2013\u2212"
"""Hyphens, minus and the dashes that stand between words without spaces, as in "Paris–Dakar" and "2019–2020"."""
INVISIBLE = "\u0000\u0002\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffe"
COMBINING = (
    "\u0300-\u036f\u0653-\u0655\u1160-\u11ff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f\uff9e\uff9f"
    # Vowel signs of Indian scripts that compose with the sign before them.
    "\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0c56\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dca\u0dcf\u0ddf\u102e"
)
RAISED = "\u00b2\u00b3\u00b9\u2070\u2074-\u207b"
"""Superscript figures and signs: 10² is not 102."""
FRACTIONS = "\u00bc-\u00be\u2150-\u215e\u2189"
