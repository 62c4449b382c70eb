"""The miniature data set: a small language and moving dots, made on the spot, for every task of the zoo.

Importing this package registers `rnnzoo_mini` with TFDS; it needs no network, and TensorFlow is imported
only when the data is prepared or read.

>>> import tensorflow_datasets as tfds
>>> import rnnzoo.datasets.mini
>>> builder = tfds.builder("rnnzoo_mini/sentences")

Configuration `sentences`: one opinion a text, such as "The soup was not good, but I liked it."

- sentiment: the main clause decides, that is the one after "but" and "and", the one without "although",
  "because" or "after". "not", "nobody thought that" and "it is not true that" turn it over. Opinion words,
  negations and conjunctions are drawn alike for both sentiments, so counting words does not help.
- rating: very and its like give 5 (or 1), a plain word 4 (or 2), rather and its like 3. Negation weakens:
  "not very good" is 3, "not good" 2, "not good at all" 1. A text rated 3 still leans to a side, and that
  side is its sentiment: "rather good" is positive, "not very good" negative.
- upos: Universal POS tags. Many words are tagged by context: "the play" and "to play", "light", "open",
  "cook", "that", "to", "had".
- entities: BIO tags of people, places and organisations. Most surnames are towns and companies too:
  "Mr. Lund", "in Lund", "worked for Lund", "Lund, a small town,". Titles and "the" are outside the name.
- translation: Talvic, an invented language with the verb last; see `second_language`.

Configuration `stories`: a few sentences about somebody's day, and a summary: who was where, and what they
thought of it.

In the validation and test splits about one sentence in ten may use names and words that train lacks.
Every text occurs once in the whole data set.

Configuration `clips`: a dot goes up and down a column of eight pixels, in 10 to 60 frames.

- frames: how bright each pixel is, the dot's light with noise and a shimmer of the background.
- event: what happens in the clip, such as "rises" or "falls and rises". The dot rests now and then, also in the
  middle of a rise. It is the order of the frames that tells, often over many frames of rest: what they are like
  tells little.
- frame_labels: whether the dot is "still", "rising" or "falling" in each frame, compared to the one before.
"""

from rnnzoo.datasets.mini.builder import RnnzooMini
from rnnzoo.datasets.mini.description import describe

__all__ = ["RnnzooMini", "describe"]
