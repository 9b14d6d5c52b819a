"""Imports Keras, quietly: packages whose modules import it themselves import this one first."""

from harness.base.keras_import import import_keras

import_keras()
