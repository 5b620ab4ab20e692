"""Every error this project raises on purpose.

* GleaneryError
  * ConfigError                a setting or an argument is missing or malformed; fatal at start
  * RegistryError              two classes claim one name, or none claims it
  * ExtractionError            a page or an answer lacks what its platform promises
  * AddressRefusedError        the address is private, loopback, link-local or metadata
  * PlatformError
    * CredentialError          the platform refused our key; a person must act
      * QuotaError             the key is good, its quota is spent; resume when it is renewed
    * PlatformUnavailableError no answer in time, or it asks us to wait; retry later
  * FrontierError              the crawl's queue refused a request, or holds one that is unreadable
    * FrontierGoneError        the crawl is no longer in Redis: dropped, or Redis was emptied
    * FrontierUnavailableError the queue does not answer; repeat the same call
      * FrontierFullError      nothing new fits; what ends work without adding to it may go on
  * ModelServerError
    * ModelUnavailableError    no answer in time; the same call may succeed later
      * ModelBusyError         too much waits there already; it says when to come back
    * ModelToolError           the tool refused; the same call will fail again
    * EngineError              the engine cannot run on this machine; a person must act
    * WeightsError             a file of weights is not what the lock says, or cannot be had
      * WeightsUnavailableError  its source is away; run it again, it goes on where it stopped
  * MediaError
    * MediaUnavailableError    the media store or whoever has the file is away; try again later
    * MediaNotFoundError       no such file is kept
    * MediaRefusedError        too large, of a wrong kind, broken or not allowed; never again
  * StoreError
    * StoreUnavailableError    the database is away; retry
    * WriteRejectedError       the database refused this item; do not retry
"""


class GleaneryError(Exception):
    """Base of every error above; catch it only at a program's edge."""


class ConfigError(GleaneryError):
    """A setting or an argument is missing or malformed."""


class RegistryError(GleaneryError):
    """Two classes claim one name, or no class claims it."""


class ExtractionError(GleaneryError):
    """A page or an answer lacks what its platform promises."""


class AddressRefusedError(GleaneryError):
    """The address is private, loopback, link-local or a metadata service."""


class PlatformError(GleaneryError):
    """A platform did not give what was asked."""


class CredentialError(PlatformError):
    """The platform refused our key, or none is set: a person must act."""


class QuotaError(CredentialError):
    """The key is good, but its quota is spent: resume when it is renewed."""


class PlatformUnavailableError(PlatformError):
    """No answer in time, or the platform asks us to wait: retry later."""


class FrontierError(GleaneryError):
    """The crawl's queue refused a request, or holds one that is unreadable."""


class FrontierGoneError(FrontierError):
    """The crawl is no longer in Redis: it was dropped, or Redis was emptied."""


class FrontierUnavailableError(FrontierError):
    """The crawl's queue does not answer: repeat the same call."""


class FrontierFullError(FrontierUnavailableError):
    """The crawl's queue has no room: nothing of the call happened."""


class ModelServerError(GleaneryError):
    """A call of a model server tool failed."""


class ModelUnavailableError(ModelServerError):
    """No answer in time: the same call may succeed later."""


class ModelBusyError(ModelUnavailableError):
    """Too much waits already: repeat the call after ``retry_after_seconds``."""

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ModelToolError(ModelServerError):
    """The tool refused: the same call will fail again."""


class EngineError(ModelServerError):
    """The engine cannot run on this machine: a person must act."""


class WeightsError(ModelServerError):
    """A file of weights is not what the lock says, or cannot be had: a person must act."""


class WeightsUnavailableError(WeightsError):
    """The source of weights is away: the same call goes on where this one stopped."""


class MediaError(GleaneryError):
    """A media file could not be had, kept or read."""


class MediaUnavailableError(MediaError):
    """The media store, or whoever has the file, is away: the same call may succeed later."""


class MediaNotFoundError(MediaError):
    """No file of that key is kept."""


class MediaRefusedError(MediaError):
    """The file is too large, of a wrong kind, broken or not allowed: never the same call again."""


class StoreError(GleaneryError):
    """A store failed."""


class StoreUnavailableError(StoreError):
    """The database is away: the same write may succeed later."""


class WriteRejectedError(StoreError):
    """The database refused this item: the same write will fail again."""
