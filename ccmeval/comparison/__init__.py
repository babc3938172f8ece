"""Many synthetic sets side by side: one table, and an order only as far as the data carry it."""
