"""A learner's script from the inside."""


class Work: ...
