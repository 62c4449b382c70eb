"""Pictures of what goes on inside a recurrent model: hidden units over a text, gradients over time."""

from rnnzoo.inspection.activations import Activations, compute_activations, correlate_units, parse_units, select_units
from rnnzoo.inspection.gradient_flow import GradientFlow, compare_gradient_flow, measure_gradient_flow
from rnnzoo.inspection.pages import write_activations_page, write_gradient_flow_page
from rnnzoo.inspection.plots import plot_activations, plot_gradient_flow
from rnnzoo.inspection.text_features import TEXT_FEATURES, compute_text_feature

__all__ = [
    "TEXT_FEATURES",
    "Activations",
    "GradientFlow",
    "compare_gradient_flow",
    "compute_activations",
    "compute_text_feature",
    "correlate_units",
    "measure_gradient_flow",
    "parse_units",
    "plot_activations",
    "plot_gradient_flow",
    "select_units",
    "write_activations_page",
    "write_gradient_flow_page",
]
