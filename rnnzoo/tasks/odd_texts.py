"""Inputs that arrive in production and break careless models; every export answers them."""

ODD_TEXTS: tuple[str | bytes, ...] = (
    "",
    "   \t\n",
    "!?…",
    "a",
    "UPPER lower ÉCLAIR Straße",
    "👩‍🔬 👍🏽 🇪🇺",
    "日本語のテキスト",
    "مرحبا بالعالم",
    "e\u0301 is not é",
    "nul \x00 and bell \x07",
    b"broken \xff\xfe utf-8 \xc3",
    "long " * 600,
)
