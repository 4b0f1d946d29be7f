"""Who really switches a service: systems of operators behind one Protocol (`base`), chosen by a Seller's setting."""
