//! A template seen with a customer's values, and sent to oneself before it is used.

use crate::Ports;
use crate::approval;
use crate::connect;
use crate::error::Error;
use crate::message_files;
use crate::ports::channel::{Answer, Outgoing, Refused};
use crate::store::accounts;
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::point::{Destination, Email, Phone, Recipients};
use cauce_domain::contact::sms::{Length, measure, transliterated};
use cauce_domain::debt::account::{Account, Summary};
use cauce_domain::debt::customer::Customer;
use cauce_domain::debt::document::Document;
use cauce_domain::debt::money::Money;
use cauce_domain::debt::order::{Details, Order};
use cauce_domain::ids::CustomerId;
use cauce_domain::strategy::tag::{self, Values};
use cauce_domain::strategy::template::{MissingValue, Template};
use chrono::{DateTime, Days, Utc};
use serde::Serialize;

/// A filled template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// Subject, of e-mails.
    pub subject: Option<String>,
    /// Text.
    pub text: String,
    /// What a user should know.
    pub warnings: Vec<String>,
    /// How long it is, of SMS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sms: Option<Sms>,
}

/// How long an SMS is, and what writing it with plain letters would save.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sms {
    /// Alphabet, units and segments.
    #[serde(flatten)]
    pub length: Length,
    /// The same without the letters that make it longer, where that saves a segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transliterated: Option<Transliterated>,
}

/// A text without the letters that make it longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transliterated {
    /// The text.
    pub text: String,
    /// Its segments.
    pub segments: usize,
}

impl Preview {
    /// With its length, where its channel bills by it.
    fn measured(self, channel: Channel) -> Self {
        let sms = (channel == Channel::Sms).then(|| Sms {
            length: measure(&self.text),
            transliterated: transliterated(&self.text)
                .map(|(text, length)| Transliterated { text, segments: length.segments }),
        });
        Self { sms, ..self }
    }
}

/// The values of a customer's tags, or of a sample customer.
pub async fn values(
    ports: &Ports,
    setup: &Setup,
    customer: Option<&CustomerId>,
    now: DateTime<Utc>,
) -> Result<Values, Error> {
    let today = setup.today(now);
    let (account, orders) = match customer {
        Some(id) => {
            let open = accounts::open_account(ports, setup.id(), id).await?.ok_or(Error::NotFound("el cliente"))?;
            (open.account, open.orders.into_iter().map(|(o, ..)| o).collect::<Vec<_>>())
        }
        None => sample(setup, now)?,
    };
    Ok(tag::values(&account, Some(&orders), setup.sender(), today))
}

/// Fills a template for a customer, or for a sample one.
pub async fn preview(
    ports: &Ports,
    setup: &Setup,
    template: &Template,
    customer: Option<&CustomerId>,
    now: DateTime<Utc>,
) -> Result<Preview, Error> {
    let bad = |e: cauce_domain::strategy::template::BadTemplate| Error::refused("bad_template", "body", e.to_string());
    let warnings = template.validate().map_err(bad)?;
    let (subject, body) = template.compile().map_err(bad)?;
    let values = values(ports, setup, customer, now).await?;
    let missing = |m: cauce_domain::strategy::template::MissingValue| {
        Error::refused("missing_tag_value", "body", format!("{m}: dé un valor por defecto, {{{}|…}}", m.0))
    };
    let filled = Preview {
        subject: subject.map(|s| s.fill(&values)).transpose().map_err(missing)?,
        text: body.fill(&values).map_err(missing)?,
        warnings,
        sms: None,
    };
    Ok(filled.measured(template.channel))
}

/// Sends a template to the user's own address or one of the project's test addresses; no interaction, cap or metric.
///
/// Needs the channel active and connected; platform mode, flow and hours do not matter.
pub async fn test_send(
    ports: &Ports,
    setup: &Setup,
    template: &Template,
    customer: Option<&CustomerId>,
    to: &str,
    own: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Preview, Error> {
    let flags = setup.project().channels.get(&template.channel);
    if !flags.is_some_and(|f| f.active) {
        return Err(Error::refused("channel_inactive", None, "el canal no está activo: actívelo en Canales"));
    }
    if !flags.is_some_and(|f| f.connected) {
        return Err(Error::refused(
            "channel_disconnected",
            None,
            "el canal no está conectado: revise su cuenta en Canales",
        ));
    }
    let normal = |text: &str| match text.contains('@') {
        true => Email::parse(text).ok().map(|e| e.address().to_owned()),
        false => Phone::parse(text, Some(setup.project().country)).ok().map(|p| p.e164().to_owned()),
    };
    let address =
        normal(to).ok_or_else(|| Error::refused("bad_address", "to", "no es un correo ni un celular válido"))?;
    let allowed = own.into_iter().chain(setup.project().test_addresses.iter().map(String::as_str));
    if !allowed.filter_map(normal).any(|a| a == address) {
        let message = "un envío de prueba va solo a su propia dirección o a las direcciones de prueba del proyecto";
        return Err(Error::refused("not_a_test_address", "to", message));
    }
    let mut filled = preview(ports, setup, template, customer, now).await?;
    filled.text = format!("[PRUEBA] {}", filled.text);
    filled.subject = filled.subject.map(|s| format!("[PRUEBA] {s}"));
    let line = connect::line(ports, setup, template.channel).await?.ok_or(Error::NotFound("el canal"))?;
    let recipients = Recipients { to: vec![Destination { address, shared: false }], cc: Vec::new() };
    let (reference, words) =
        (format!("prueba-{}", ports.new_id().simple()), (filled.subject.clone(), filled.text.clone()));
    let mut outgoing = Outgoing::plain(setup.id().clone(), reference, recipients, words, now, line.account);
    if connect::approves(setup, template.channel) {
        if let Some(why) = approval::refused(setup, template) {
            return Err(Error::refused("template_not_approved", "approval", why));
        }
        let values = values(ports, setup, customer, now).await?;
        let missing = |m: MissingValue| Error::refused("missing_tag_value", "approval", m.to_string());
        outgoing.approved = template.approval.as_ref().map(|a| a.fill(&values)).transpose().map_err(missing)?;
    }
    let gone = || Error::refused("bad_template", "files", "falta un archivo de la plantilla: adjúntelo de nuevo");
    outgoing.files = message_files::read(ports, &template.files).await?.ok_or_else(gone)?;
    match line.sender.send(&outgoing).await {
        Answer::Accepted(_) => Ok(filled.measured(template.channel)),
        Answer::Refused(Refused { words: why, .. }) | Answer::NotNow { why, .. } | Answer::Disconnected { why, .. } => {
            Err(Error::refused("not_sent", None, format!("no se envió: {why}")))
        }
        Answer::Unknown(_) => Err(Error::refused("unknown", None, "el proveedor no respondió: revise si llegó")),
    }
}

fn sample(setup: &Setup, now: DateTime<Utc>) -> Result<(Account, Vec<Order>), Error> {
    let broken = |e: String| Error::Broken("sample", e);
    let project = setup.project();
    let document = Document::parse("Otros", "12345678").map_err(|e| broken(e.to_string()))?;
    let currency = project
        .country
        .currency()
        .parse()
        .map_err(|e: cauce_domain::debt::money::UnknownCurrency| broken(e.to_string()))?;
    let due = setup.today(now).checked_sub_days(Days::new(3)).unwrap_or_default();
    let mut order = Order::new("F-001", due, Money::new(125_050, currency));
    order.details = Details {
        product: Some("Préstamo personal".to_owned()),
        instalment: Some("3".to_owned()),
        payment_link: Some("https://pago.example.com/F-001".to_owned()),
        ..Details::default()
    };
    let mut customer = Customer::new(document, "Cliente de Ejemplo");
    let used = setup.templates.iter().flat_map(|t| t.value.required_tags());
    customer.variables =
        used.filter_map(|t| Some((t.strip_prefix("variable.")?.to_owned(), "ejemplo".to_owned()))).collect();
    let segment = cauce_domain::strategy::segment::DEFAULT.into();
    let account = Account { summary: Summary::of([&order]), ..Account::new("muestra".into(), customer, segment) };
    Ok((account, vec![order]))
}
