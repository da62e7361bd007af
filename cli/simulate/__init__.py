"""Scenarios that change the source of a running stack, run the DAGs and show what moved: `make simulate`.

A scenario is a module of ``cli.simulate.scenarios``. It knows no Airflow and no terminal: it changes the source by SQL,
asks for runs, and looks at rows. So tests play the same scenarios without a stack.
"""

#: The files that it writes beside the stack's endpoints: the page, and what is to be undone.
PAGE, UNDO = "simulate.html", "simulate-undo.json"
