"""Strings that a text path must survive."""

ODD_STRINGS: list[bytes] = [
    b"",
    b" ",
    b"\n\t\r\n",
    b"\0",
    b"a\0b\0",
    b"\xff\xfe",
    b"caf\xe9 good",
    b"\xed\xa0\x80 good",  # a surrogate
    b"\xf4\x90\x80\x80",  # past U+10FFFF
    b"good \xe2\x82",  # cut in the middle of a character
    "Très BON, İstanbul ẞ ΟΔΟΣ".encode(),
    "don’t don't do n't DON’T ʼs".encode(),
    "a\u00a0b\u2003c\u3000d\u2028e\u2029f\u0085g\u200bh".encode(),
    "e\u0301 é 한국어 中文 עברית हिन्दी ไทย".encode(),
    "👩‍👩‍👧 🇩🇪 ☺️".encode(),
    "\ufeffgood\ufffe\uffff".encode(),
    b"<pad> <unk> <bos> <eos>",
    b"3.5/5 1,000.50 a_b --- ...",
    "good film 😀 ".encode() * 60_000,  # 1 MB
    b"a" * 1_000_000,
]
