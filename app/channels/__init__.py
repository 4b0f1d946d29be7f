"""Ways a message reaches a person. Each is one class behind `base.Channel`, found by `registry`."""
