"""Optional features of a deal's waterfall through the desk: stored with the deal, and named in the run."""

import numpy as np
import pytest

from engine.deal.results import DEAL_COLUMNS, TRANCHE_COLUMNS
from engine.desk.desk import Desk
from engine.desk.records import RunOutcome
from engine.errors import InputError
from workbooks.demo import DEAL_NAME

# A buffer that no test of the demo deal reaches: the stopper sends every distribution to principal.
STOPPER = '{"DISTRIBUTION_STOPPER": {"oc_buffer": 9.0, "destination": "PRIN"}}'


def base(desk: Desk) -> RunOutcome:
    return desk.run_deal(DEAL_NAME, assumptions="workbook")


def test_a_stored_feature_changes_the_run_and_is_named_in_it(demo_desk: Desk) -> None:
    """With the stopper on, interest that went to the sub notes becomes principal, and the summary says why."""
    plain = base(demo_desk)

    names = demo_desk.documents.set_features(DEAL_NAME, STOPPER, "stopper.json")
    stopped = base(demo_desk)

    to_equity = TRANCHE_COLUMNS.index("interest_paid")
    proceeds = DEAL_COLUMNS.index("principal_proceeds")
    paid = plain.result.tranches[0, -1, to_equity]
    assert names == ("DISTRIBUTION_STOPPER",)
    assert stopped.answered_from == "computed"
    assert paid > 0.0
    assert stopped.result.tranches[0, -1, to_equity] == 0.0
    assert stopped.result.deal[0, proceeds] == pytest.approx(plain.result.deal[0, proceeds] + paid, abs=1e-6)
    assert [item.source for item in stopped.summary.sources if item.item == "waterfall features"] == [
        'configuration of the deal {"features":{"DISTRIBUTION_STOPPER":{"destination":"PRIN","oc_buffer":9.0}}}'
    ]


def test_switching_features_off_brings_the_earlier_answer_back(demo_desk: Desk) -> None:
    """The run without features is the same run as before."""
    plain = base(demo_desk)
    demo_desk.documents.set_features(DEAL_NAME, STOPPER, "stopper.json")

    assert demo_desk.documents.set_features(DEAL_NAME, "{}", "none.json") == ()

    again = base(demo_desk)
    assert again.run_id == plain.run_id
    np.testing.assert_array_equal(again.result.tranches, plain.result.tranches)


def test_an_unknown_feature_is_refused_and_nothing_changes(demo_desk: Desk) -> None:
    """The error names the feature and the file; features stored before stay."""
    demo_desk.documents.set_features(DEAL_NAME, STOPPER, "stopper.json")

    with pytest.raises(InputError, match="WARP_DRIVE") as caught:
        demo_desk.documents.set_features(DEAL_NAME, '{"WARP_DRIVE": true}', "warp.json")

    assert caught.value.where
    assert any(item.item == "waterfall features" for item in base(demo_desk).summary.sources)
