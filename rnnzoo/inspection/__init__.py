"""Pictures of what goes on inside a model: hidden units over a text, gradients over time, where it looked."""

from rnnzoo.inspection.activations import Activations, compute_activations, correlate_units, parse_units, select_units
from rnnzoo.inspection.attention import draw_attention
from rnnzoo.inspection.gradient_flow import GradientFlow, compare_gradient_flow, measure_gradient_flow
from rnnzoo.inspection.pages import write_activations_page, write_attention_page, write_gradient_flow_page
from rnnzoo.inspection.plots import plot_activations, plot_attention, plot_gradient_flow
from rnnzoo.inspection.text_features import TEXT_FEATURES, compute_text_feature

__all__ = [
    "TEXT_FEATURES",
    "Activations",
    "GradientFlow",
    "compare_gradient_flow",
    "compute_activations",
    "compute_text_feature",
    "correlate_units",
    "draw_attention",
    "measure_gradient_flow",
    "parse_units",
    "plot_activations",
    "plot_attention",
    "plot_gradient_flow",
    "select_units",
    "write_activations_page",
    "write_attention_page",
    "write_gradient_flow_page",
]
