"""Plain Python every room may use: money, time, periods, words, actors, errors. No Flask, no database."""
