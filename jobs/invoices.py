"""Regular invoices for a company: formed for a link, sent again with their papers; charges of the running month."""

from app.core.errors import N_, NotFound
from app.core.files import file_name
from app.core.period import Month
from app.models import Account, Document
from app.services import delivering, documents, mailing, papers
from app.services.cabinet import counting, running
from app.services.work import JobName
from jobs.context import JobContext, Result, job


@job(JobName.SEND_INVOICE)
def send_invoice(context: JobContext) -> Result:
    """An invoice with its papers: again to the addresses named, or as the delivery was when it was formed."""
    params, session = context.params, context.session
    document = documents.document_of(session, context.actor, int(params["document_id"]))
    if not params.get("addresses"):
        account = session.get_one(Account, document.account_id)
        form_papers(context, document, papers.OWN, delivering.value_at(session, account, document.created_at).format)
        return {"figures": {"letters": mailing.send_regular(session, context.actor, int(params["document_id"]))}}
    extent, form = str(params["extent"]), str(params["format"])
    form_papers(context, document, extent, form)
    made = mailing.send_papers(
        session, context.actor, document, extent, params["addresses"], form, occasion=f"job-{context.job_id}"
    )
    return {"figures": {"letters": len(made)}}


@job(JobName.FORM_INVOICE)
def form_invoice(context: JobContext) -> Result:
    """The regular invoice of a month and its papers, ready to be taken by link (A1-25)."""
    params, session = context.params, context.session
    document = papers.invoice_of(session, int(params["account_id"]), Month.parse(params["month"]))
    if document is None:
        raise NotFound(N_("There is no regular invoice of this month. Choose another month."))
    formed = form_papers(context, document, papers.MONTH, str(params["format"]))
    files = []
    for document_id, form in formed:
        title = mailing.title_of(session, session.get_one(Document, document_id))
        files.append({"document_id": document_id, "format": form, "title": title})
    return {"files": files, "figures": {"files": len(files)}}


def form_papers(context: JobContext, document: Document, extent: str, form: str) -> list[tuple[int, str]]:
    """Make and note every paper's file, one transaction each; while one is drawn others may write."""
    session = context.session
    wanted = papers.papers_of(session, context.actor, document, extent, form)
    formed = [(one.document.id, one.format) for one in wanted]
    words = N_("Files are being made")
    context.progress(0, len(formed), words)
    for place, (document_id, file_format) in enumerate(formed, 1):
        with context.reading():
            made = documents.make_file(session, context.actor, document_id, file_format, context.settings.files_dir)
        documents.note_file(session, made)
        context.progress(place, len(formed), words)
    return formed


@job(JobName.RUNNING_CHARGES)
def mail_running_charges(context: JobContext) -> Result:
    """What the running month comes to by subscriber, as a file, to the addresses that held when it was ordered."""
    params, session = context.params, context.session
    account_id, form = int(params["account_id"]), str(params["format"])
    name = f"charges-{account_id}.{'pdf' if form == 'pdf' else 'xlsx'}"
    context.progress(0, 0, N_("Charges are being counted"))
    with context.reading(), context.kept_file(name) as part, part.open("wb") as out:
        title = running.write(session, context.actor, account_id, form, out)
    path = f"results/{context.job_id}/{name}"
    file = mailing.ReadyFile(path, f"{file_name(title)}.{name.rpartition('.')[2]}", title)
    for address in params["addresses"]:
        mailing.mail_ready_file(session, account_id, address, file, key=f"job-{context.job_id}")
    return {"file": path, "name": file.name, "figures": {"letters": len(params["addresses"])}}


@job(JobName.COUNT_CHARGES)
def count_charges(context: JobContext) -> Result:
    """The running month of a large account, counted into a file the page reads."""
    context.progress(0, 0, N_("Charges are being counted"))
    with context.reading(), context.kept_file("so-far.jsonl") as part:
        found = counting.count(context.session, context.actor, int(context.params["account_id"]), part)
    return {**found, "counted": f"results/{context.job_id}/so-far.jsonl"}
