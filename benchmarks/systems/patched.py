"""`leo` with constants of other values: python -m benchmarks.systems.patched '{"MODULE.NAME": VALUE}' link LEFT ..."""

import importlib
import json
import sys

if __name__ == "__main__":
    for name, value in json.loads(sys.argv.pop(1)).items():
        module = importlib.import_module(name.rpartition(".")[0])
        if not hasattr(module, name.rpartition(".")[2]):
            sys.exit(f"benchmarks/ablation.toml: there is no {name}")
        setattr(module, name.rpartition(".")[2], value)
    from linkage.cli import main

    main()
