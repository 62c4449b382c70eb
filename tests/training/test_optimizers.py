import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.builders import build_language_model
from rnnzoo.config.schema import TrainSection
from rnnzoo.training.optimizers import make_optimizer


@pytest.mark.parametrize("name", ["adam", "adamw", "muon", "rmsprop", "sgd"])
def test_every_optimizer_goes_downhill_with_average_and_clipping(name):
    optimizer = make_optimizer(
        TrainSection(optimizer=name, learning_rate=0.05, warmup_steps=0, ema_momentum=0.9, weight_decay=0.01), 20
    )
    keras.utils.set_random_seed(1)
    weight = keras.Variable(np.eye(3, dtype=np.float32) * 2.0, name="kernel")
    optimizer.build([weight])
    for _ in range(20):
        optimizer.apply([2.0 * weight.value], [weight])
    assert optimizer.use_ema
    assert float(tf.reduce_sum(tf.square(weight.value))) < 12.0


def test_muon_moves_kernels_by_orthogonal_steps_and_the_rest_by_adamw():
    keras.utils.set_random_seed(1)
    model = build_language_model(9, units=4, embedding_dim=6)
    optimizer = make_optimizer(
        TrainSection(optimizer="muon", learning_rate=0.01, warmup_steps=0, gradient_clip_norm=0.0), 10
    )
    variables = model.trainable_variables
    optimizer.build(variables)
    before = [variable.numpy() for variable in variables]
    gradients = [tf.random.stateless_normal(variable.shape, [1, 2]) for variable in variables]
    optimizer.apply(gradients, variables)
    for variable, old in zip(variables, before, strict=True):
        step = variable.numpy() - old
        is_kernel = variable.path.endswith("kernel") and not variable.path.startswith("logits")
        if is_kernel:  # all singular values of a step are about the same
            singular_values = np.linalg.svd(step, compute_uv=False)
            assert singular_values.max() < 2.0 * singular_values.min()
        else:  # the first step of Adam is the rate, with the sign of the gradient
            np.testing.assert_allclose(np.abs(step), 0.01, rtol=1e-2)
