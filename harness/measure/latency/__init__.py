"""What a network of any widths would cost here: measured on some of its sizes, inferred for the others.

`template` makes a file of any widths, `designs` says which to try, `profiling` times them, `stations` and `model` infer
the rest. It knows ONNX files and numbers of channels, and no Keras. From outside: by whatever can say which lengths of
a file follow which widths.
"""
