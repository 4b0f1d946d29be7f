"""What the pages of a company read: each query held to the company, a page long, with as few statements as can be."""
