"""Background work: the database says what is to be done, the queue only rings (`design.md`, law 7).

`relay` rings, `worker` answers, `context.perform` takes the lease and calls the handler of the row's name or topic.
"""
