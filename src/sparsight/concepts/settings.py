"""Settings of the concepts and of g."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Method = Literal["predictor", "svm", "svm-hinge"]
ValueKind = Literal["projection", "distance", "sigmoid"]


class ConceptSettings(BaseModel):
    """How concept vectors are learned, what a concept value is, and the elastic net of g (eq. 1)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    method: Method = Field(
        default="predictor",
        description="predictor (logistic regression), svm (squared hinge, penalised intercept) or svm-hinge "
        "(hinge, free intercept, as released); one model a concept",
    )
    C: float = Field(default=0.01, gt=0, description="weight of the loss against 1/2 ||w||^2 in the concept models")
    value: ValueKind = Field(default="projection", description="concept value: projection, distance or sigmoid")
    standardise: Literal["values", "none"] = Field(
        default="values", description="values: concept values are standardised by their training mean and deviation"
    )
    # Not 0: where concept values separate the classes, eq. 1 without its penalty has no optimum to certify.
    lam: float = Field(default=0.2, gt=0, description="lambda of eq. 1, divided there by concepts x classes")
    rho: float = Field(default=0.99, ge=0, le=1, description="share of the l1 term in the penalty of g")
    tolerance: float = Field(default=1e-6, ge=1e-12, lt=1, description="relative duality gap at which g is solved")
    top_k: int = Field(default=3, ge=1, le=1000, description="concepts shown a class")
