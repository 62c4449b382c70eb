"""The names of the miniature language: people, places and organisations.

Names in `SHARED` are surnames, towns and companies alike, so only the words around them tell which. Names
in the `HELD_OUT_` tables occur in the validation and test splits only.
"""

_WOMEN = ("Anna", "Clara", "Edith", "Greta", "Irma", "Lotte", "Nora", "Vera", "Sofia", "Ruth")
_MEN = ("Arno", "Bruno", "Edgar", "Felix", "Hugo", "Oskar", "Paul", "Simon", "Viktor", "Jonas")
# (name, Talvic gender)
FIRST_NAMES = (*((name, "a") for name in _WOMEN), *((name, "o") for name in _MEN))
HELD_OUT_FIRST_NAMES = (("Mirela", "a"), ("Teodor", "o"), ("Ottilie", "a"), ("Casimir", "o"))

SHARED = (
    "Lund",
    "Berg",
    "Marlow",
    "Hale",
    "Tarn",
    "Wick",
    "Holm",
    "Stroud",
    "Carrow",
    "Dale",
    "Penrose",
    "Ashby",
    "Melton",
    "Verne",
)
HELD_OUT_SHARED = ("Thornby", "Kessel", "Rodan", "Haverly", "Quill")
SURNAMES_ONLY = ("Ferris", "Novak", "Tiller", "Osgood", "Bramson", "Lindqvist")
PLACES_ONLY = (
    ("Port", "Sable"),
    ("Old", "Harrow"),
    ("Lake", "Orrin"),
    ("West", "Tarn"),
    ("Upper", "Melton"),
    ("Silverford",),
    ("Kingsmouth",),
    ("Eastwater",),
)
HELD_OUT_PLACES_ONLY = (("Port", "Kessel"), ("Stonehaven",), ("Lower", "Quill"))
ORGANISATION_KINDS = ("Bakery", "Theatre", "Museum", "Bank", "Hotel", "Railway")
TITLES = {"Mr.": ("o", "Ser"), "Mrs.": ("a", "Sera"), "Ms.": ("a", "Sera"), "Dr.": ("o", "Med")}
WEEKDAYS = {"Monday": "Unadi", "Tuesday": "Dosadi", "Friday": "Tresadi", "Saturday": "Kvaradi", "Sunday": "Pentadi"}
