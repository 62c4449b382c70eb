"""The models that are timed, and how many floating-point operations their products take."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Shape:
    """A recurrent model that puts a class on every step, and the batch it is trained on.

    Attributes:
        name: What it stands for.
        batch: Rows of a batch.
        time: Steps of a row; all of them are real.
        embedding: Width of the embedding, or of the input where that is float.
        units: Width of a recurrent layer, for each direction.
        num_classes: Classes at every step; also the number of token ids.
        num_layers: Recurrent layers.
        bidirectional: Whether each layer reads both ways.
        stack: `plain` (layer on layer) or `residual` (pre-norm blocks).
        float_features: Whether the input is float features rather than token ids.
    """

    name: str
    batch: int
    time: int
    embedding: int
    units: int
    num_classes: int
    num_layers: int = 1
    bidirectional: bool = False
    stack: str = "plain"
    float_features: bool = False

    @property
    def num_tokens(self) -> int:
        """Real steps of a batch."""
        return self.batch * self.time

    @property
    def num_directions(self) -> int:
        """2 for a bidirectional model."""
        return 2 if self.bidirectional else 1

    @property
    def width(self) -> int:
        """Width of what a recurrent layer puts out."""
        return self.units * self.num_directions

    @property
    def label(self) -> str:
        """The sizes in one line.

        Example:

        >>> TRAINING_SHAPES[0].label
        '64 × 100, 64, 256, 100'
        """
        layers = f"{self.num_layers} × " if self.num_layers > 1 else ""
        kind = " bidirectional" if self.bidirectional else ""
        kind += " residual" if self.stack == "residual" else ""
        return f"{self.batch} × {self.time}, {self.embedding}, {layers}{self.units}{kind}, {self.num_classes}"

    def to_json(self) -> dict[str, Any]:
        """Returns the fields, as `Shape(**fields)` takes them."""
        return asdict(self)


TRAINING_SHAPES = (
    Shape("language model", 64, 100, 64, 256, 100),
    Shape("large vocabulary", 32, 50, 32, 64, 1000),
    Shape("wide and long", 128, 200, 128, 512, 100),
    Shape("tagger", 64, 32, 230, 200, 18, num_layers=2, bidirectional=True, float_features=True),
    Shape("character model", 64, 128, 384, 384, 65, num_layers=3, stack="residual"),
)
QUICK_SHAPES = (
    Shape("language model", 8, 20, 8, 16, 30),
    Shape("character model", 8, 16, 16, 16, 20, num_layers=2, stack="residual"),
)


@dataclass(frozen=True)
class Products:
    """Floating-point operations of the matrix products of a training step.

    Attributes:
        large: Of products over all steps at once: input projections, weight gradients, output layer.
        recurrent: Of products that wait for the step before: state times recurrent weights, and the same
            backwards.
    """

    large: int
    recurrent: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.large + self.recurrent


def count_products(shape: Shape) -> Products:
    """Counts the products of a training step: forward, gradients of the inputs, gradients of the weights.

    A product of (rows, a) and (a, b) is 2 · rows · a · b operations. Looking up embeddings, activations,
    normalisation and the optimizer are no products and count as nothing.

    Example:

    >>> count_products(Shape("tiny", batch=2, time=3, embedding=4, units=5, num_classes=6))
    Products(large=2100, recurrent=600)
    """
    large = sum(inner * columns for _, inner, columns in list_large_products(shape))
    recurrent = 2 * shape.num_layers * shape.num_directions * shape.units**2
    return Products(2 * shape.num_tokens * large, 2 * shape.num_tokens * recurrent)


def list_large_products(shape: Shape) -> list[tuple[str, int, int]]:
    """Lists the products of a training step over all its steps at once.

    Returns:
        For each the kind and the sizes of the weights, (inner, columns): `forward` is (rows, inner) by
        (inner, columns), `inputs` (rows, columns) by the weights transposed, and `weights` (inner, rows)
        by (rows, columns).

    Example:

    >>> list_large_products(Shape("tiny", batch=2, time=3, embedding=4, units=5, num_classes=6))[:4]
    [('forward', 4, 5), ('weights', 4, 5), ('inputs', 4, 5), ('weights', 5, 5)]
    """
    products: list[tuple[str, int, int]] = []

    def use(inner: int, columns: int) -> None:
        kinds = ["forward", "weights"]
        # Nobody asks for the gradient of float features; that of an embedding is needed.
        if products or not shape.float_features:
            kinds.append("inputs")
        products.extend((kind, inner, columns) for kind in kinds)

    width = shape.embedding
    if shape.stack == "residual" and width != shape.width:
        use(width, shape.width)
        width = shape.width
    for place in range(shape.num_layers):
        # Both directions read the same input: one product of twice the columns.
        use(width if place == 0 else shape.width, shape.width)
        products.extend([("weights", shape.units, shape.units)] * shape.num_directions)
    use(shape.width, shape.num_classes)
    return products
