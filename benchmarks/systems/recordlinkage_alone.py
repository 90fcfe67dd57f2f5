"""The recordlinkage package with its ECM classifier: a toolkit on pandas, for sizes that it can bear.

python -m benchmarks.systems.recordlinkage_alone LEFT RIGHT OUT
"""

import sys
import warnings

import pandas as pd
import recordlinkage


def main(left: str, right: str, out: str) -> None:
    warnings.filterwarnings("ignore")
    a, b = (pd.read_parquet(path).set_index("id") for path in (left, right))
    index = recordlinkage.Index()
    for names in (["dob"], ["forename", "surname"], ["surname", "postcode"], ["forename", "postcode"]):
        index.block(names)
    pairs = index.index(a, b)
    compare = recordlinkage.Compare()
    for name in a.columns:
        if name in ("sex", "state", "dob", "postcode", "nino", "street_number"):
            compare.exact(name, name, label=name)
        else:
            compare.string(name, name, method="jarowinkler", threshold=0.88, label=name)
    features = compare.compute(pairs, a, b)
    ecm = recordlinkage.ECMClassifier(binarize=0.8)
    ecm.fit_predict(features)
    probability = ecm.prob(features)
    scored = probability[probability >= 0.5].rename("score").reset_index()
    scored.columns = ["left_id", "right_id", "score"]
    scored = scored.sort_values(["score", "left_id", "right_id"], ascending=[False, True, True])
    best = scored[~scored.duplicated("left_id") & ~scored.duplicated("right_id")]
    best.to_parquet(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
