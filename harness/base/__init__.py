"""What everything stands on: errors, the store, progress, crashes, and Keras imported quietly.

Every module here may be imported from anywhere; none imports a wing.
"""
