"""The shop: shelves, carts, orders, renewals: from a stranger who looks to a subscription that runs."""
