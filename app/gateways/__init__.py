"""Payment gateways: each one class behind `base.Gateway`, found by `registry`."""
