"""Every morning: parts of instalment plans whose turn has come are invoiced, paid from advances, and spoken of."""

import sqlalchemy as sa

from app.core.errors import N_
from app.models import Seller
from app.services import instalments
from app.services.work import JobName
from jobs.context import JobContext, Result, job


@job(JobName.INSTALMENTS)
def invoice_parts(context: JobContext) -> Result:
    """Seller by Seller; a second run of the day finds nothing more to do."""
    figures = {"parts": 0, "notices": 0}
    sellers = list(context.session.scalars(sa.select(Seller.id).order_by(Seller.id)))
    for done, seller_id in enumerate(sellers):
        figures["parts"] += instalments.invoice_parts(context.session, context.actor, seller_id)
        figures["notices"] += instalments.remind(context.session, context.actor, seller_id)
        context.progress(done + 1, len(sellers), N_("Instalments are being looked at"))
    return {"figures": figures}
