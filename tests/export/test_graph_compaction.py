import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from rnnzoo.export.graph_compaction import compact_saved_model


class Sums(tf.Module):
    """Loops, branches, a table, a nested function and an argument named as an operation would be."""

    def __init__(self):
        super().__init__()
        self.weight = tf.Variable([2.0, 3.0])
        keys, values = tf.constant(["a", "b"]), tf.constant([1.0, 10.0])
        self.table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), -1.0)

    @tf.function
    def scale(self, n1):
        return n1 * tf.reduce_sum(self.weight)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text"), tf.TensorSpec([None], name="n0")])
    def serve(self, text, n0):
        tf.debugging.assert_non_negative(n0, message="negative")
        total = self.scale(self.table.lookup(text)) + n0
        total = tf.while_loop(lambda step, _: step < 3, lambda step, value: (step + 1, value * 2.0), [0, total])[1]
        largest, place = tf.math.top_k(total, 1)
        return {"total": total, "largest": largest, "place": place}


def save(path):
    module = Sums()
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.serve})
    return path / "saved_model.pb"


def ask(path):
    graph = tf.Graph()
    with graph.as_default(), tf.compat.v1.Session(graph=graph) as session:
        meta_graph = tf.compat.v1.saved_model.load(session, ["serve"], str(path))
        signature = meta_graph.signature_def["serving_default"]
        outputs = {name: info.name for name, info in signature.outputs.items()}
        feed = {signature.inputs["text"].name: ["b", "a", "c"], signature.inputs["n0"].name: [0.5, 0.0, 1.0]}
        return session.run(outputs, feed)


def test_a_compact_graph_is_smaller_and_says_the_same(tmp_path):
    file = save(tmp_path)
    size, before = file.stat().st_size, ask(tmp_path)
    compact_saved_model(tmp_path)
    assert file.stat().st_size < 0.8 * size
    after = ask(tmp_path)
    np.testing.assert_allclose(after["total"], [404.0, 40.0, -32.0])
    for name, value in before.items():
        np.testing.assert_array_equal(value, after[name])
    reloaded = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    np.testing.assert_array_equal(reloaded(text=tf.constant(["b"]), n0=tf.constant([0.0]))["total"], [400.0])


def test_compacting_twice_changes_nothing_more(tmp_path):
    file = save(tmp_path)
    compact_saved_model(tmp_path)
    once = file.read_bytes()
    compact_saved_model(tmp_path)
    assert file.read_bytes() == once
    functions = saved_model_pb2.SavedModel.FromString(once).meta_graphs[0].graph_def.library.function
    for function in functions:
        names = [node.name for node in function.node_def]
        assert len(set(names)) == len(names)
        assert not set(names) & {argument.name for argument in function.signature.input_arg}
