//! What the agent does of what was proposed: each by the use case a user would do it by, once for each message, and what it
//! says of it.

use super::AgentSettings;
use crate::Ports;
use crate::claim;
use crate::compose::{self, Asked};
use crate::dossier::{AtHand, Desk, change};
use crate::error::Error;
use crate::exclude;
use crate::payment_to_verify::{self, Declared};
use crate::ports::agent::Proposal;
use crate::promise;
use crate::read_thread::read_thread;
use crate::store::accounts;
use crate::store::edits::By;
use crate::store::settings::Setup;
use cauce_domain::contact::call_entry::CallReason;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::received::Received;
use cauce_domain::contact::wish::{Source, Wish};
use cauce_domain::debt::amount;
use cauce_domain::debt::claim::Category;
use cauce_domain::debt::money::Money;
use cauce_domain::ids::CustomerId;
use cauce_domain::strategy::tag::date;

const BALANCE: &str = "{primer_nombre|Hola}, su saldo pendiente es {total}. El pago {codigo}, por {monto}, tiene vencimiento el {vencimiento}. {pago|}";
const DUE_DATE: &str = "{primer_nombre|Hola}, su pago {codigo} por {monto} tiene vencimiento el {vencimiento}. {pago|}";
const STATEMENT: &str = "{primer_nombre|Hola}, este es su estado de cuenta:\n\n{estado_de_cuenta}";
const HOW_TO_PAY: &str = "{primer_nombre|Hola}, puede pagar así: {pago}";
const PAY_HERE: &str = "{primer_nombre|Hola}, puede pagar aquí: {paga_aqui}";
const GREETING: &str = "Hola {primer_nombre|}, le saluda {empresa}. Puede preguntarnos por su saldo, su vencimiento, su estado de cuenta o cómo pagar, o pedir que le atienda un asesor.";
const NOTHING_DUE: &str = "{primer_nombre|Hola}, no tiene pagos pendientes con {empresa}.";
const HANDED_OVER: &str = "{primer_nombre|Hola}, un asesor de {empresa} leerá su mensaje y le responderá.";
const CLAIMED: &str = "{primer_nombre|Hola}, registramos su reclamo. Un asesor lo revisará y le responderá.";
const NOTED: &str =
    "Gracias, {primer_nombre|}. Registramos el aviso de su pago y le avisaremos cuando lo hayamos verificado.";

/// What is done for one message.
struct Doing<'a> {
    ports: &'a Ports,
    setup: &'a Setup,
    customer: &'a CustomerId,
    message: &'a Received,
    by: &'a By,
}

/// Does what was proposed; what a use case refuses is left to a person.
pub(super) async fn act(
    ports: &Ports,
    setup: &Setup,
    (customer, message): (&CustomerId, &Received),
    settings: &AgentSettings,
    proposal: Proposal,
    by: &By,
) -> Result<(), Error> {
    let doing = Doing { ports, setup, customer, message, by };
    let asks = matches!(
        proposal,
        Proposal::TellBalance | Proposal::TellDueDate | Proposal::SendStatement | Proposal::TellHowToPay
    );
    let allowed = settings.acts || asks || matches!(proposal, Proposal::Greet | Proposal::HandOver { .. });
    let proposal = match allowed {
        true => proposal,
        false => Proposal::HandOver { why: "el agente solo responde preguntas en este proyecto".to_owned() },
    };
    let done = match proposal {
        Proposal::HandOver { why } => Err(Error::refused("hand_over", None, why)),
        proposal => doing.one(proposal).await,
    };
    match done {
        Ok(()) => read_thread(ports, setup, customer, by).await.map(|_| ()),
        Err(Error::Refused(why)) => doing.hand_over(&why.message).await,
        Err(error) => Err(error),
    }
}

impl Doing<'_> {
    /// The mark of what is done for this message: asked again it is done once.
    fn mark(&self, what: &str) -> Option<String> {
        Some(format!("agente\u{1}{}\u{1}{what}", self.message.id))
    }

    async fn one(&self, proposal: Proposal) -> Result<(), Error> {
        let project = self.setup.project();
        match proposal {
            Proposal::TellBalance => self.tell(BALANCE, false).await,
            Proposal::TellDueDate => self.tell(DUE_DATE, false).await,
            Proposal::SendStatement => self.tell(STATEMENT, true).await,
            Proposal::TellHowToPay if project.payment_methods.iter().any(|it| it.active) => {
                self.tell(PAY_HERE, false).await
            }
            Proposal::TellHowToPay => self.tell(HOW_TO_PAY, false).await,
            Proposal::Greet => self.say(GREETING, false).await,
            Proposal::NotePayment { date, amount } => {
                let found = accounts::account(self.ports, self.setup.id(), self.customer).await?;
                if found.is_some_and(|(account, _)| account.holds.review_until.is_some()) {
                    return Err(Error::refused("hand_over", None, "ya hay un pago por verificar"));
                }
                let declared = Declared { date, amount: self.minor(amount).await?, ..Declared::default() };
                let (by, mark) = (self.by, self.mark("pago"));
                payment_to_verify::declare(self.ports, self.setup, self.customer, &declared, (by, mark)).await?;
                self.say(NOTED, false).await
            }
            Proposal::NotePromise { date, amount } => self.promise(date, amount).await,
            Proposal::OpenClaim => {
                let description = self.message.text.clone().unwrap_or_default();
                let asked =
                    claim::Asked { category: Category::Billing, orders: Vec::new(), description, files: Vec::new() };
                claim::open(self.ports, self.setup, self.customer, &asked, (self.by, self.mark("reclamo"))).await?;
                self.say(CLAIMED, false).await?;
                self.ask_for_a_call().await
            }
            Proposal::OptOut => self.opt_out().await,
            Proposal::HandOver { why } => Err(Error::refused("hand_over", None, why)),
            Proposal::Leave => Ok(()),
        }
    }

    async fn promise(&self, day: chrono::NaiveDate, amount: Option<String>) -> Result<(), Error> {
        let nothing = || Error::refused("nothing_due", None, "promete pagar y no tiene saldo por pagar");
        let found = accounts::account(self.ports, self.setup.id(), self.customer).await?;
        let carrying = found.and_then(|(account, _)| account.summary.carrying).ok_or_else(nothing)?;
        let amount = self.minor(amount).await?.unwrap_or(carrying.balance);
        let asked = promise::Asked { date: day, amount, currency: Some(carrying.currency), orders: Vec::new() };
        let (by, mark) = (self.by, self.mark("compromiso"));
        promise::make(self.ports, self.setup, self.customer, &asked, (by, mark)).await?;
        let money = Money::new(amount, carrying.currency).display(self.setup.project().number_style);
        let text = format!(
            "Gracias, {{primer_nombre|}}. Registramos su compromiso de pago por {money} para el {}. Si el monto o la fecha son \
             otros, respóndanos.",
            date(day)
        );
        self.say(&text, false).await
    }

    /// An amount as the customer wrote it, in the currency of what it owes; one that cannot be read is a person's to read.
    async fn minor(&self, written: Option<String>) -> Result<Option<i64>, Error> {
        let Some(written) = written else { return Ok(None) };
        let found = accounts::account(self.ports, self.setup.id(), self.customer).await?;
        let carrying = found.and_then(|(account, _)| account.summary.carrying);
        let unclear = || Error::refused("unclear_amount", None, format!("no se entendió el monto «{written}»"));
        let currency = carrying.ok_or_else(unclear)?.currency;
        // A thousand or a fraction: nobody guesses.
        let thousands =
            |c: char| written.matches(c).count() == 1 && written.rsplit(c).next().is_some_and(|end| end.len() == 3);
        if thousands(self.setup.project().number_style.decimal()) {
            return Err(unclear());
        }
        let read = amount::parse(&written, self.setup.project().number_style, currency).map_err(|_| unclear())?;
        Ok(Some(read.minor))
    }

    /// Tells something of what is owed, or that nothing is.
    async fn tell(&self, text: &str, statement: bool) -> Result<(), Error> {
        let found = accounts::account(self.ports, self.setup.id(), self.customer).await?;
        let Some(summary) = found.map(|(account, _)| account.summary) else {
            return Err(Error::NotFound("el cliente"));
        };
        match (&summary.carrying, summary.is_owed()) {
            (Some(_), _) => self.say(text, statement).await,
            (None, false) => self.say(NOTHING_DUE, false).await,
            (None, true) => Err(Error::refused("hand_over", None, "pregunta por una deuda en reclamo o incobrable")),
        }
    }

    async fn say(&self, text: &str, statement: bool) -> Result<(), Error> {
        let subject = self.message.subject.is_none() && self.message.channel == Channel::Email;
        let asked = Asked {
            channel: self.message.channel,
            template: None,
            subject: subject.then(|| "Su consulta a {empresa}".to_owned()),
            text: text.to_owned(),
            files: Vec::new(),
            statement,
            to: Some(self.message.from.clone()),
            accept_warnings: true,
        };
        compose::send(self.ports, self.setup, self.customer, &asked, (self.by, self.mark("respuesta"))).await?;
        Ok(())
    }

    async fn opt_out(&self) -> Result<(), Error> {
        let wish = Wish {
            scope: self.message.channel.into(),
            source: Source::Agent,
            evidence: Some(self.message.id.to_string()),
            at: self.by.at,
            again: None,
            reason: Some("lo pidió por escrito".to_owned()),
            author: Some(self.by.author.clone()),
        };
        exclude::address(self.ports, self.setup, &self.message.from, &wish, Some(self.by)).await.map(|_| ())
    }

    /// Leaves the message to a person: it stays unread, asks for a call, and the customer is told.
    async fn hand_over(&self, why: &str) -> Result<(), Error> {
        tracing::info!(project = %self.setup.id(), message = %self.message.id, why, "el agente deriva un mensaje");
        self.ask_for_a_call().await?;
        match self.say(HANDED_OVER, false).await {
            // Whoever cannot be answered by this way is called.
            Err(Error::Refused(_)) => Ok(()),
            said => said,
        }
    }

    async fn ask_for_a_call(&self) -> Result<(), Error> {
        let desk = Desk::of(self.ports, self.setup, self.by).await?.asked(self.mark("llamada"));
        change(&desk, self.customer, &AtHand::default(), |dossier| {
            let calendar = dossier.setup().project().calendar.lived_in(dossier.account.customer.zone);
            if let Some(day) = calendar.next_allowed_day(dossier.today()) {
                dossier.add_call(CallReason::HandOver, day, None);
            }
            Ok(())
        })
        .await
    }
}
