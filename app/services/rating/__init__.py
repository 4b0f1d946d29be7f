"""Rating of usage: tariffs as data, records priced by them, what nobody knows kept waiting, closed months sealed."""
