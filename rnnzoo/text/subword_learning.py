"""Learning the pieces that words are put together from."""

import heapq
from collections import Counter
from collections.abc import Mapping, Set
from itertools import pairwise

from rnnzoo.text.special_tokens import SPECIAL_TOKENS

# Merging makes some pieces that are only a step to longer ones. So more are made than are asked for.
_SURPLUS = 1.2
_FEWEST_REPETITIONS = 2  # what occurs once is nothing to learn from


def cut_by_longest_match(chunk: str, pieces: Set[str], longest: int) -> list[str]:
    """Cuts a chunk, from the left, always at the end of the longest piece; a character without a piece is one too.

    Args:
        chunk: Any string.
        pieces: The pieces.
        longest: Most characters of a piece.

    Example:

    >>> cut_by_longest_match("unbelievably", {"un", "belie", "believ", "a", "b", "l", "y", "ab"}, longest=6)
    ['un', 'believ', 'ab', 'l', 'y']
    """
    found = []
    start = 0
    while start < len(chunk):
        end = min(start + longest, len(chunk))
        while end > start + 1 and chunk[start:end] not in pieces:
            end -= 1
        found.append(chunk[start:end])
        start = end
    return found


def learn_pieces(counts: Mapping[str, int], max_pieces: int, min_count: int) -> list[str]:
    """Learns pieces by byte pair encoding (Sennrich et al. 2016) on characters, made to measure for longest matches.

    The two neighbours that are most frequent become one, again and again. The pieces that come of it and that longest
    matches use too rarely are then left out, until there are none.

    Args:
        counts: How often each chunk occurs in the training texts.
        max_pieces: Most pieces.
        min_count: Characters and pieces used less often are left out.

    Returns:
        The pieces, the most used first; among them every character that is frequent enough.

    Example:

    >>> pieces = learn_pieces({"▁low": 5, "▁lower": 2, "▁newest": 6, "▁widest": 3}, max_pieces=14, min_count=2)
    >>> [piece for piece in pieces if len(piece) > 1]
    ['est', '▁low', 'ew']
    """
    characters: Counter[str] = Counter()
    for chunk, count in counts.items():
        for character in chunk:
            characters[character] += count
    frequent = sorted((c for c in characters if characters[c] >= min_count), key=lambda c: (-characters[c], c))
    alphabet = set(frequent[:max_pieces])
    merged = _merge_pairs(_known_runs(counts, alphabet), round(max_pieces * _SURPLUS) - len(alphabet), min_count)
    pieces = alphabet | (merged - set(SPECIAL_TOKENS))
    while True:
        uses = _count_uses(counts, pieces)
        by_use = sorted(pieces, key=lambda piece: (-uses[piece], piece))
        longer = [piece for piece in by_use if piece not in alphabet]
        too_rare = {piece for piece in longer if uses[piece] < min_count}
        dropped = too_rare | set(longer[max_pieces - len(alphabet) :])
        if not dropped:
            return by_use
        pieces -= dropped


def _known_runs(counts: Mapping[str, int], alphabet: Set[str]) -> Counter[str]:
    """Cuts chunks at the characters that have no piece."""
    runs: Counter[str] = Counter()
    for chunk, count in counts.items():
        if alphabet.issuperset(chunk):
            runs[chunk] += count
        else:
            known = "".join(character if character in alphabet else "\0" for character in chunk)
            for run in known.split("\0"):
                runs[run] += count
    return runs


def _count_uses(counts: Mapping[str, int], pieces: Set[str]) -> Counter[str]:
    longest = max(map(len, pieces), default=1)
    uses: Counter[str] = Counter()
    for chunk, count in counts.items():
        for piece in cut_by_longest_match(chunk, pieces, longest):
            uses[piece] += count
    return uses


def _merge_pairs(runs: Mapping[str, int], max_merged: int, min_count: int) -> set[str]:
    """Merges the most frequent pairs, of equally frequent ones the first by code points."""
    words = [list(run) for run in runs]
    word_counts = list(runs.values())
    pair_counts: Counter[tuple[str, str]] = Counter()
    places: dict[tuple[str, str], set[int]] = {}
    for number, word in enumerate(words):
        for pair in pairwise(word):
            pair_counts[pair] += word_counts[number]
            places.setdefault(pair, set()).add(number)
    # A count on the heap may be out of date: where it grew there is another entry, where it shrank the entry is put
    # back when it comes up.
    heap = [(-count, pair) for pair, count in pair_counts.items()]
    heapq.heapify(heap)
    fewest = max(min_count, _FEWEST_REPETITIONS)
    merged: set[str] = set()
    while heap and len(merged) < max_merged:
        negative_count, pair = heapq.heappop(heap)
        count = pair_counts[pair]
        if count < fewest:
            continue
        if count != -negative_count:
            heapq.heappush(heap, (-count, pair))
            continue
        merged.add(pair[0] + pair[1])
        changes: Counter[tuple[str, str]] = Counter()
        for number in places.pop(pair):
            word = words[number]
            new_word = _merge(word, pair)
            if len(new_word) == len(word):  # the pair was here once
                continue
            words[number] = new_word
            for old in pairwise(word):
                changes[old] -= word_counts[number]
            for new in pairwise(new_word):
                changes[new] += word_counts[number]
                places.setdefault(new, set()).add(number)
        for changed, change in changes.items():
            pair_counts[changed] += change
            if change > 0:
                heapq.heappush(heap, (-pair_counts[changed], changed))
    return merged


def _merge(word: list[str], pair: tuple[str, str]) -> list[str]:
    new_word = []
    position = 0
    while position < len(word):
        is_pair = position + 1 < len(word) and (word[position], word[position + 1]) == pair
        new_word.append(pair[0] + pair[1] if is_pair else word[position])
        position += 2 if is_pair else 1
    return new_word
