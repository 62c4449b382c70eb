import collections

from rnnzoo.datasets.mini.description import CONFIGURATIONS
from rnnzoo.datasets.mini.stories import generate_stories


def test_stories_are_distinct_and_summaries_come_from_them():
    documents = []
    for split, size in CONFIGURATIONS["stories"].splits.items():
        stories = list(generate_stories(split))
        assert len(stories) == size
        for story in stories:
            words = set(story["document"].replace(".", " ").replace(",", " ").split())
            summary = story["summary"].replace(".", " ").replace(",", " ").split()
            assert set(summary) - words <= {"and", "liked", "disliked", "but", "did", "not", "in", "the"}
            assert len(story["summary"]) < len(story["document"])
        verdicts = collections.Counter("disliked" in story["summary"] for story in stories)
        assert verdicts[True] == verdicts[False]
        documents += [story["document"] for story in stories]
    assert len(set(documents)) == len(documents)
