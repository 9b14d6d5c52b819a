"""What a network costs at any widths, on this machine: its files, timed and kept.

`network` says what must be known of one, `keras_network` has it of Keras models, and nothing else here imports Keras.
From outside: the wings of `prune` below the command; nothing else.
"""
