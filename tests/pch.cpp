// Only there to have the tests' precompiled header made once, with no more definitions than all of them have.
