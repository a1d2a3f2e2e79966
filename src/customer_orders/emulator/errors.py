"""What monday says when it refuses.

    EmulatorError
      ApiError          one alias failed: an entry in errors[], HTTP 200
      Refusal           the whole request failed: a status and a body of its own
      ConnectionDropped the client gets no answer at all
      Unknown           a tester or a reader asks for what is not there

Shapes: developer.monday.com, error handling and rate limits, 2026-09-06.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class EmulatorError(Exception):
    """The base of all that this room raises."""


class ApiError(EmulatorError):
    """An application error: the alias is null and errors[] holds this, with HTTP 200."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status_code: int = 200,
        error_data: Mapping[str, Any] | list[Any] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        #: graphql-core copies this attribute into the error it builds.
        self.extensions: dict[str, Any] = {
            "code": code,
            "status_code": status_code,
            "error_data": {} if error_data is None else error_data,
            **more,
        }


class Refusal(EmulatorError):
    """The request as a whole is refused before, or instead of, being executed."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        *,
        retry_after: int | None = None,
        **extensions: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.extensions = extensions

    def errors(self) -> list[dict[str, Any]]:
        """The errors[] of the answer."""
        extensions = dict(self.extensions)
        if self.code is not None:
            extensions = {"code": self.code, **extensions}
        if self.status == 429 and self.retry_after is not None:
            extensions["retry_in_seconds"] = self.retry_after
        return [{"message": str(self), "extensions": extensions}]


class ConnectionDropped(EmulatorError):
    """The connection is closed with no answer; what was done before stays done."""


class Unknown(EmulatorError):
    """An account, a board or a page that is not there."""


def not_authenticated() -> Refusal:
    """401 as n8n's node saw it live."""
    return Refusal(401, "Not authenticated", "NOT_AUTHENTICATED")


def not_found(what: str, resource_id: object) -> ApiError:
    """ResourceNotFoundException for an item, a group or a job."""
    return ApiError(
        "ResourceNotFoundException",
        f"{what.capitalize()} not found",
        status_code=404,
        error_data={"resource_type": what, "resource_id": str(resource_id)},
    )


def no_permission() -> ApiError:
    """A user without the right to change a board's structure is turned away with 403."""
    return ApiError(
        "UserUnauthorizedException",
        "User unauthorized to perform action",
        status_code=403,
    )


def invalid_argument(message: str, **error_data: Any) -> ApiError:
    """InvalidArgumentException, with what was wrong in error_data."""
    return ApiError("InvalidArgumentException", message, error_data=error_data)
