"""The word tables of the miniature language: common words, in English and in Talvic.

A table row is one line of text, so that a word is added by adding a line. Rows marked with `*` are held
out: they occur in the validation and test splits only, and their suffixes give their part of speech away.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Noun:
    """A common noun; `talvic` is its stem, `gender` the ending of the Talvic words that agree with it."""

    singular: str
    plural: str
    talvic: str
    gender: str
    domain: str
    held_out: bool = False


@dataclass(frozen=True)
class Verb:
    """A verb with its English forms and Talvic stem; `domains` are those of its objects, none if intransitive."""

    base: str
    third: str
    past: str
    talvic: str
    domains: tuple[str, ...] = ()


@dataclass(frozen=True)
class Adjective:
    """An adjective, or an adverb of manner, and its Talvic stem."""

    text: str
    talvic: str
    held_out: bool = False


@dataclass(frozen=True)
class AdjectivePair:
    """Two adjectives of opposite sentiment, and the noun domains that they describe (none: all)."""

    positive: Adjective
    negative: Adjective
    domains: tuple[str, ...] = ()


@dataclass(frozen=True)
class VerbPair:
    """Two verbs of opposite sentiment."""

    positive: Verb
    negative: Verb


@dataclass(frozen=True)
class Degree:
    """Words that grade an opinion: `strength` 3 is strong, 1 is mild."""

    words: tuple[tuple[str, str], ...]
    strength: int
    talvic: str


def _rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines() if line.strip()]


def _held_out(row: list[str]) -> bool:
    return row[-1] == "*"


_NOUNS = """
food    soup soups sumak a | stew stews gorul o | roast roasts panil e | cake cakes tortim a
food    toast toasts verdak e | cheese cheeses kasol o | pie pies empel a | omelette omelettes ovarin e *
drink   tea teas chavi a | juice juices sukol e | coffee coffees kavur o | drink drinks bevik e
drink   lemonade lemonades limosh a *
show    play plays drasum o | film films kinel e | show shows spetik a | dance dances balur a
show    concert concerts kantel o | opera operas oprin a | watch watches strazel e
music   song songs lirak a | waltz waltzes valsim o | tune tunes melok e | march marches marshil o
place   hotel hotels dormuk o | room rooms kamer a | garden gardens florin e | museum museums muzak o
place   theatre theatres tetrin e | market markets bazul o | beach beaches plashi a | camp camps kuzin e
place   library libraries librov a | station stations garun o | settlement settlements vilmen e *
person  cook cooks kulen a | guide guides viatok o | guard guards straten a | coach coaches trenul o
person  judge judges sudak a | host hosts hostim a | teacher teachers shkolar o | doctor doctors medur a
person  neighbour neighbours sosek o | driver drivers shofar a | dancer dancers balar a *
person  gardener gardeners florar o *
thing   lamp lamps lumek a | letter letters pismo e | phone phones telun o | coat coats mantel e
thing   box boxes kutil a | window windows oknar e | plant plants herbil o | book books knigul a
thing   iron irons zelezik e | paint paints kraskel o | instrument instruments instrok o *
thing   container containers kontul a *
event   walk walks gamin a | visit visits visok e | talk talks besed o | swim swims plavik e
event   rest rests pausim a | party parties festul o | work works labor e | answer answers rispok a
event   smell smells nazil e | taste tastes gustik o | light lights luzor a | cold colds frizon o
event   climb climbs gorin e | tour tours turul a | celebration celebrations gratsul e *
"""


def _nouns() -> tuple[Noun, ...]:
    nouns = []
    for line in _NOUNS.strip().splitlines():
        domain, entries = line.split(maxsplit=1)
        for entry in entries.split("|"):
            row = entry.split()
            nouns.append(Noun(*row[:4], domain=domain, held_out=_held_out(row)))
    return tuple(nouns)


NOUNS = _nouns()
DOMAINS = tuple(dict.fromkeys(noun.domain for noun in NOUNS))
# Words for what a person, a town or a company is, used beside its name.
PLACE_NOUNS = (Noun("town", "towns", "gradim", "a", "town"), Noun("village", "villages", "selok", "e", "town"))
COMPANY_NOUNS = (
    Noun("company", "companies", "firmul", "a", "company"),
    Noun("shop", "shops", "lavkin", "o", "company"),
)
TIME_NOUNS = (
    Noun("evening", "evenings", "vechur", "o", "time"),
    Noun("morning", "mornings", "ranik", "a", "time"),
    Noun("summer", "summers", "letom", "e", "time"),
    Noun("winter", "winters", "zimul", "a", "time"),
)

# The English word is the same as a noun above for most of these verbs: only context tells them apart.
EVENT_VERBS = tuple(
    Verb(*row[:4], domains=tuple(row[4].split(",")) if len(row) > 4 else ())
    for row in _rows("""
watch watches watched vid show
film films filmed kin show
play plays played gral music
show shows showed pokaz thing,place
cook cooks cooked bul food
roast roasts roasted pech food
toast toasts toasted tost food
stew stews stewed tush food
tune tunes tuned nast music
taste tastes tasted gost food,drink
smell smells smelled nash food
drink drinks drank piv drink
visit visits visited hod place
paint paints painted kras place,thing
book books booked rezan place
clean cleans cleaned chist place,thing
tour tours toured tur place
guard guards guarded strag place,thing
box boxes boxed pak thing
iron irons ironed glad thing
dry dries dried sush thing
empty empties emptied pust thing,place
warm warms warmed grel food,drink
cool cools cooled hlad food,drink
coach coaches coached tren person
judge judges judged sud person,show
host hosts hosted priym show
open opens opened ofn thing
light lights lit svet place
plant plants planted sad food
answer answers answered odgov person
phone phones phoned zvon person
guide guides guided vod person
walk walks walked shet
dance dances danced plas
rest rests rested ots
talk talks talked govor
swim swims swam plav
climb climbs climbed laz
camp camps camped lager
work works worked rab
march marches marched mash
""")
)
GO = (
    Verb("go", "goes", "went", "it"),
    Verb("travel", "travels", "travelled", "put"),
    Verb("walk", "walks", "walked", "shet"),
)
# Verbs whose object is a bare name: the verb tells what kind of name it is.
PERSON_VERBS = (Verb("meet", "meets", "met", "sret"), Verb("phone", "phones", "phoned", "zvon"))
PLACE_VERBS = (Verb("visit", "visits", "visited", "hod"), Verb("leave", "leaves", "left", "uhod"))
COMPANY_VERBS = (Verb("join", "joins", "joined", "vstup"), Verb("own", "owns", "owned", "imat"))
BELIEF_VERBS = (
    Verb("think", "thinks", "thought", "pens"),
    Verb("believe", "believes", "believed", "ver"),
    Verb("feel", "feels", "felt", "chuv"),
)
FIND = Verb("find", "finds", "found", "trov")
LINKING_VERBS = {
    "seem": (Verb("seem", "seems", "seemed", "semb"), DOMAINS),
    "taste": (Verb("taste", "tastes", "tasted", "gost"), ("food", "drink")),
    "smell": (Verb("smell", "smells", "smelled", "nash"), ("food", "drink")),
    "sound": (Verb("sound", "sounds", "sounded", "zvuk"), ("show", "music")),
    "look": (Verb("look", "looks", "looked", "vig"), ("place", "person", "thing")),
}
ATTITUDES = tuple(
    VerbPair(Verb(*row[:4]), Verb(*row[4:]))
    for row in _rows("""
like likes liked lub dislike dislikes disliked nev
enjoy enjoys enjoyed rad hate hates hated ghor
love loves loved amar detest detests detested fudr
admire admires admired mirt despise despises despised shent
praise praises praised hval criticise criticises criticised klan
""")
)
OPINION_PAIRS = tuple(
    AdjectivePair(Adjective(row[0], row[1]), Adjective(row[2], row[3]), tuple(row[4].split(",")) if row[4:] else ())
    for row in _rows("""
good bon bad mal
nice nis nasty grub
pleasant plez unpleasant amplez
delightful delik dreadful strash
wonderful mirav awful uzhas
fine fin poor pov
tasty gusk tasteless amgusk food,drink
fresh svez stale zast food,drink
delicious vkus disgusting gadk food,drink
exciting zhiv boring nud show,music,event
clever umn silly glup show,music,person
graceful grats clumsy klump show,music,person
memorable pamyat forgettable ampamyat show,music,event
beautiful krasiv ugly urod show,music,place,thing
cosy uyut gloomy mrach place,event
peaceful tih noisy shum place,event
friendly druz unfriendly amdruz person,place
polite vezh rude hams person
helpful pomog unhelpful ampomog person,thing
useful polz useless ampolz thing,event
reliable ner unreliable amner thing,person
enjoyable otrad tiresome skuch event,show,music
""")
)
BETTER_WORSE = AdjectivePair(Adjective("better", "melior"), Adjective("worse", "peyor"))
NEUTRAL_ADJECTIVES = tuple(
    Adjective(row[0], row[1], _held_out(row))
    for row in _rows("""
old star
new nov
small mik
red rubr
green zelk
cold hladn
light legk
open otkr
dry suhk
clean chistk
empty pustk
warm teplk
cool prohl
local lokal
musical muzikal
northern severn
southern yuzhn
wooden drevn
golden zlatn
reddish rubresh
bluish sinesh
regional regional *
eastern vostokn *
woollen sherstn *
greenish zelkesh *
""")
)
MANNERS = tuple(
    Adjective(row[0], row[1], _held_out(row))
    for row in _rows("""
quickly bistre
slowly medle
quietly tihle
early ranle
calmly spokle *
openly otkrle *
""")
)

VERY = Degree((("very", "ADV"),), 3, "dek")
REALLY = Degree((("really", "ADV"),), 3, "zar")
EXTREMELY = Degree((("extremely", "ADV"),), 3, "hupek")
ABSOLUTELY = Degree((("absolutely", "ADV"),), 3, "tomal")
GREATLY = Degree((("greatly", "ADV"),), 3, "grosle")
RATHER = Degree((("rather", "ADV"),), 1, "plen")
FAIRLY = Degree((("fairly", "ADV"),), 1, "lam")
SOMEWHAT = Degree((("somewhat", "ADV"),), 1, "senk")
A_BIT = Degree((("a", "DET"), ("bit", "NOUN")), 1, "nik")
SLIGHTLY = Degree((("slightly", "ADV"),), 1, "minle")
MUCH = Degree((("much", "ADV"),), 3, "mult")
FAR = Degree((("far", "ADV"),), 3, "dalek")
# Only under negation, and behind what it grades: "was not good at all".
AT_ALL = Degree((("at", "ADP"), ("all", "DET")), 3, "tol")

ADJECTIVE_DEGREES = (VERY, REALLY, EXTREMELY, ABSOLUTELY, RATHER, FAIRLY, SOMEWHAT, A_BIT)
VERB_DEGREES = (REALLY, GREATLY, ABSOLUTELY, RATHER, SOMEWHAT, SLIGHTLY)
COMPARISON_DEGREES = (MUCH, FAR, A_BIT, SLIGHTLY)
NEGATED_ADJECTIVE_DEGREES = (VERY, REALLY, EXTREMELY)
NEGATED_VERB_DEGREES = (REALLY, GREATLY)
NEGATED_COMPARISON_DEGREES = (MUCH,)
