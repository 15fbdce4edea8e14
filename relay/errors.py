"""Everything that can go wrong, each knowing its HTTP status and whether trying again helps.

    RelayError                      status  code                 retryable
    |-- BadRequest                  400     bad_request                     a missing or malformed field, named
    |-- Unauthorized                401     unauthorized                    no credential, or a wrong one
    |-- Forbidden                   403     forbidden                       a good credential, but not its business
    |-- NotFound                    404     not_found
    |-- IdempotencyConflict         409     idempotency_conflict            the same key with another body
    |-- BodyTooLarge                413     body_too_large
    |-- NotJson                     415     not_json
    |-- InternalError               500     internal_error       yes, 5x    a fault of the relay itself
    |-- StoreUnavailable            503     store_unavailable    yes        the ledger took nothing, nothing was begun
    |-- KeysUnavailable             503     keys_unavailable     yes        nobody can say whether a token is good
    |-- NotReady                    503     not_ready            yes        /readyz found something missing
    `-- VendorError                 502     vendor_error                    (never raised itself)
        |-- CrmError                502     crm_error                       Salesforce said something unknown
        |   |-- CrmRejected         422     crm_rejected                    it refused the content of the Case
        |   |-- CrmAuthFailed       502     crm_auth_failed       promised  it refused our credentials
        |   |-- CrmMisconfigured    502     crm_misconfigured     promised  a field, permission or API is missing
        |   |-- CrmNotFound         404     crm_not_found                   the record is gone
        |   |-- CrmUnavailable      503     crm_unavailable      yes        away, busy, or over its limits
        |   |-- CrmNonsense         502     crm_nonsense         yes, 5x    an answer that cannot be read
        |   `-- CrmOutcomeUnknown   504     crm_outcome_unknown  yes        sent, and no answer came
        `-- ImError                 502     im_error                        Tencent said something unknown
            |-- ImRejected          422     im_rejected                     it refused the content
            |   |-- GroupConflict   422     group_conflict                  the id belongs to somebody else's group
            |   `-- GroupFull       422     group_full
            |-- AccountNotImported  502     account_not_imported            import it, then once more
            |-- GroupNotFound       404     group_not_found
            |   `-- GroupNotReady   404     group_not_found      yes        met while its ticket is still being opened
            |-- ImAuthFailed        502     im_auth_failed        promised  it refused our signature
            |-- ImMisconfigured     502     im_misconfigured      promised  plan, region or permission
            |   `-- ImPlanLimit     502     im_plan_limit                   the plan has no room for more
            |-- ImUnavailable       503     im_unavailable       yes
            |-- ImNonsense          502     im_nonsense          yes, 5x
            `-- ImOutcomeUnknown    504     im_outcome_unknown   yes

"promised": what was promised to a caller is tried again, for an operator will mend it; who still waits is told.
SettingsError is not a RelayError, so that no handler of runtime errors can swallow it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_log = logging.getLogger(__name__)


class RelayError(Exception):
    """A failure that the caller is told about.

    detail: what happened and what to do, fit for the caller's eyes (no secret, no UserSig, no vendor URL).
    title: the short text of the contract; the class has one that fits where no operation gave it a better one.
    vendor_code: the vendor's own code (Tencent's number, Salesforce's word), kept for the caller.
    retry_after: seconds, if it is known when trying again makes sense.
    fields: what is wrong in the body, as (path, message).
    operator_detail: what a vendor or the database said beyond that, for the log and the commands, never for the caller.
    """

    status = 500
    code = "internal_error"
    title = "Internal error"
    retryable = False
    mendable = False
    """Whether an operator can mend it, so that what was promised is not given up."""
    attempts: int | None = None
    """How often background work tries a retryable failure before it ends; None: as long as it takes."""
    operator_detail: str | None = None

    def __init__(
        self,
        detail: str,
        *,
        title: str | None = None,
        vendor_code: str | int | None = None,
        retry_after: float | None = None,
        case_id: str | None = None,
        fields: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.title = title or self.title
        self.vendor_code = vendor_code
        self.retry_after = retry_after
        self.case_id = case_id
        self.fields = fields

    @property
    def for_log(self) -> str:
        """What happened, with what only operators may read."""
        return f"{self.detail} [{self.operator_detail}]" if self.operator_detail else self.detail

    def __str__(self) -> str:
        return self.for_log

    def problem(self) -> dict[str, object]:
        """The failure as an RFC 9457 problem document, without the request's id."""
        document: dict[str, object] = {
            "type": f"urn:salesforce-chat-relay:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "retryable": self.retryable,
        }
        if self.vendor_code is not None:
            document["vendorCode"] = self.vendor_code
        if self.case_id is not None:
            document["caseId"] = self.case_id
        if self.fields:
            document["errors"] = [{"field": path, "message": message} for path, message in self.fields]
        return document


class BadRequest(RelayError):
    status, code, title = 400, "bad_request", "Bad request"


class Unauthorized(RelayError):
    status, code, title = 401, "unauthorized", "Unauthorized"


class Forbidden(RelayError):
    status, code, title = 403, "forbidden", "Forbidden"


class NotFound(RelayError):
    status, code, title = 404, "not_found", "Not found"


class IdempotencyConflict(RelayError):
    status, code, title = 409, "idempotency_conflict", "Idempotency conflict"


class BodyTooLarge(RelayError):
    status, code, title = 413, "body_too_large", "Body too large"


class NotJson(RelayError):
    status, code, title = 415, "not_json", "Not JSON"


class InternalError(RelayError):
    retryable, attempts = True, 5


class StoreUnavailable(RelayError):
    status, code, title, retryable = 503, "store_unavailable", "Store unavailable", True


class KeysUnavailable(RelayError):
    status, code, title, retryable = 503, "keys_unavailable", "Keys unavailable", True


class NotReady(RelayError):
    status, code, title, retryable = 503, "not_ready", "Not ready", True


class VendorError(RelayError):
    status, code, title = 502, "vendor_error", "Vendor error"


class CrmError(VendorError):
    code, title = "crm_error", "Salesforce error"
    may_be_done = False
    """Whether what was asked for may have been done all the same, or may still be done in a moment."""


class CrmRejected(CrmError):
    status, code = 422, "crm_rejected"


class CrmAuthFailed(CrmError):
    code, title = "crm_auth_failed", "Salesforce auth error"
    mendable = True


class CrmMisconfigured(CrmError):
    code = "crm_misconfigured"
    mendable = True


class CrmNotFound(CrmError):
    status, code = 404, "crm_not_found"


class CrmUnavailable(CrmError):
    status, code, retryable = 503, "crm_unavailable", True


class CrmNonsense(CrmError):
    code, retryable, attempts = "crm_nonsense", True, 5
    may_be_done = True


class CrmOutcomeUnknown(CrmError):
    status, code, retryable = 504, "crm_outcome_unknown", True
    may_be_done = True


class ImError(VendorError):
    code, title = "im_error", "Tencent Chat error"


class ImRejected(ImError):
    status, code = 422, "im_rejected"


class GroupConflict(ImRejected):
    code = "group_conflict"


class GroupFull(ImRejected):
    code = "group_full"


class AccountNotImported(ImError):
    code = "account_not_imported"


class GroupNotFound(ImError):
    status, code = 404, "group_not_found"


class GroupNotReady(GroupNotFound):
    retryable = True


class ImAuthFailed(ImError):
    code = "im_auth_failed"
    mendable = True


class ImMisconfigured(ImError):
    code = "im_misconfigured"
    mendable = True


class ImPlanLimit(ImMisconfigured):
    code = "im_plan_limit"
    mendable = False


class ImUnavailable(ImError):
    status, code, retryable = 503, "im_unavailable", True


class ImNonsense(ImError):
    code, retryable, attempts = "im_nonsense", True, 5


class ImOutcomeUnknown(ImError):
    status, code, retryable = 504, "im_outcome_unknown", True


class SettingsError(Exception):
    """The relay cannot start as it is configured.

    problems: one line for each thing that is wrong, naming the setting and the cure, never its value.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def as_relay_error(error: Exception) -> RelayError:
    """The error itself, or InternalError for one that nobody foresaw, whose traceback goes to the log."""
    if isinstance(error, RelayError):
        return error
    _log.error("a fault of the relay itself", exc_info=error)
    return InternalError("The relay itself failed; its log says how")


@contextmanager
def titled(title: str, *, case_id: str | None = None) -> Iterator[None]:
    """Name the operation in what a vendor refuses inside the block; a refused Salesforce login keeps its own title."""
    try:
        yield
    except VendorError as error:
        if not isinstance(error, CrmAuthFailed):
            error.title = title
        error.case_id = error.case_id or case_id
        raise
