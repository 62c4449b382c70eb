"""Export to SavedModel, with warm-up requests, an audit and a parity check."""

from rnnzoo.export.checking import CheckReport, ExportCheckError, check_export, check_exports
from rnnzoo.export.exporter import ExportResult, export_model

__all__ = ["CheckReport", "ExportCheckError", "ExportResult", "check_export", "check_exports", "export_model"]
