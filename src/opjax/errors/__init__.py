"""Problems with a place, a sentence and a way out."""

from opjax.errors.diagnostic import Diagnostic as Diagnostic
from opjax.errors.diagnostic import OpjaxError as OpjaxError
from opjax.errors.diagnostic import OpjaxWarning as OpjaxWarning
from opjax.errors.diagnostic import Report as Report
from opjax.errors.diagnostic import Stop as Stop
from opjax.errors.suggest import did_you_mean as did_you_mean
