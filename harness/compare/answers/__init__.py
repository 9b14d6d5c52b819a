"""What a run says, as data: all of it can be written as JSON."""
