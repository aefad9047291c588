"""Programs that fail, each in functions of its own: writes what ``traceback`` prints of them, one JSON object a line.

    python fail_apart.py SEED COUNT FOLDER

Each object has ``text`` (what the traceback module prints), ``exceptions`` (the last lines in the order printed; several
where a failure hangs on another one) and ``told`` (``thread`` where ``threading`` told of it, else ``print``).
"""

import importlib.util
import io
import json
import os
import random
import sys
import threading
import traceback

SYLLABLES = ["ba", "cor", "den", "fil", "gam", "hol", "jun", "kel", "lim", "mor", "nav", "pel", "rus", "sol", "tam"]
ENDS = [
    'raise RuntimeError("Event loop is closed")',
    'raise ValueError("the %s is empty" % {name!r})',
    'return {{}}[{name!r}]',
    "return int({name!r})",
    "return None.{name}",
    "return 1 / 0",
    "raise Broken({name!r})",
]
CHAINED = """
def {name}():
    try:
        {inner}()
    except Exception as error:
        raise {kind}("after all") from {what}

"""
ROOT = """
def {name}_and_print(file):
    try:
        {name}()
    except Exception as error:
        traceback.print_exc(file=file)
        return error
"""


def words(rng, count):
    found = []
    while len(found) < count:
        word = "".join(rng.choice(SYLLABLES) for _ in range(3))
        if word not in found:
            found.append(word)
    return found


def module_of(rng, folder, name):
    """Writes a module whose ``name`` fails some calls below, and imports it."""
    functions = [name, *words(rng, rng.randint(1, 7))]
    code = "import traceback\n\nclass Broken(Exception):\n    pass\n\n"
    end = rng.choice(ENDS).format(name=functions[-1])
    code += "def {0}():\n    {1}\n\n".format(functions[-1], end)
    for outer, inner in zip(functions[-2::-1], functions[:0:-1]):
        if rng.random() < 0.15:
            kind, what = rng.choice(["LookupError", "RuntimeError"]), rng.choice(["error", "error", "None"])
            code += CHAINED.format(name=outer, inner=inner, kind=kind, what=what)
        else:
            code += "def {0}():\n    {1}{2}()\n\n".format(outer, rng.choice(["", "return ", "x = "]), inner)
    code += ROOT.format(name=name)
    path = os.path.join(folder, name + ".py")
    with open(path, "w") as file:
        file.write(code)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def last_lines(error):
    told = []
    while error is not None:
        told.insert(0, "".join(traceback.format_exception_only(type(error), error)).strip())
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return told


def told_by_thread(fail):
    """What ``threading.excepthook`` prints, and the exception."""
    caught = []
    out = io.StringIO()
    hook = threading.excepthook

    def tell(args):
        caught.append(args.exc_value)
        hook(args)

    threading.excepthook, sys.stderr, stderr = tell, out, sys.stderr
    try:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    finally:
        threading.excepthook, sys.stderr = hook, stderr
    return out.getvalue(), caught[0]



def main(seed, count, folder):
    rng = random.Random(seed)
    for name in words(rng, count):
        module = module_of(rng, folder, name)
        told = rng.choice(["print", "thread"])
        if told == "thread":
            text, error = told_by_thread(getattr(module, name))
        else:
            out = io.StringIO()
            error = getattr(module, name + "_and_print")(out)
            text = out.getvalue()
        print(json.dumps({"text": text, "exceptions": last_lines(error), "told": told}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
