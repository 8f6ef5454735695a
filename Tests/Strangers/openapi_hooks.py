"""What schemathesis is told of this gateway, read by it (`SCHEMATHESIS_HOOKS`).

A registration takes a batch and judges it row by row: 202, with `refused` and a result for each bad row. So data
that breaks a row's schema need not be a 4xx; but a row must have been refused for it.
"""
import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.modes import GenerationMode


@schemathesis.check
def bad_rows_are_refused(ctx, response, case):
    body = case.meta and case.meta.components.get(ParameterLocation.BODY)
    if response.status_code == 202 and body and body.mode == GenerationMode.NEGATIVE:
        said = response.json()
        assert said.get("refused", 0) + said.get("underReview", 0) > 0, f"202, and no row was refused: {said}"
