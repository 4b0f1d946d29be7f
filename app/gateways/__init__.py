"""Payment gateways: each one class behind `base.Gateway`, found by `registry`. They know nothing of Kabinet's tables."""
