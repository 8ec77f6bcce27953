//! Contact points: addresses of a customer, by slot, with what is known of each.

use crate::contact::channel::{Channel, Scope};
use crate::contact::marks::Marks;
use crate::contact::phone;
use crate::country::Country;
use crate::debt::customer::{Customer, Kind, Related};
use crate::strategy::template::Audience;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A telephone number in E.164. Personal data: not printed by `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phone(String);

/// An e-mail address, lower-cased, its domain in ASCII. Personal data: not printed by `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(…)")
    }
}
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// The text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no es un correo válido: escriba una sola dirección, por ejemplo nombre@empresa.com")]
pub struct BadEmail;

impl Phone {
    /// Reads a typed number.
    pub fn parse(text: &str, region: Option<Country>) -> Result<Self, phone::BadPhone> {
        phone::read(text, region).map(|r| match r {
            phone::Read::Valid(n) | phone::Read::Unverified(n) => Self(n),
        })
    }
    /// The number, with its plus.
    pub fn e164(&self) -> &str {
        &self.0
    }
}

impl Email {
    /// Reads a typed address: one address, lower-cased, international domains in ASCII.
    pub fn parse(text: &str) -> Result<Self, BadEmail> {
        let text: String =
            text.chars().filter(|c| !matches!(c, '\u{200B}'..='\u{200F}' | '\u{FEFF}' | '\u{A0}')).collect();
        let text = text.trim().trim_start_matches('<').trim_end_matches('>');
        let text = text.strip_prefix("mailto:").unwrap_or(text).to_lowercase();
        let (local, domain) = text.rsplit_once('@').ok_or(BadEmail)?;
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| BadEmail)?;
        let allowed = |c: char| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
        let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
        let shape = domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.');
        if local.is_empty() || local.len() > 64 || domain.len() > 253 || !local.chars().all(allowed) || dots || !shape {
            return Err(BadEmail);
        }
        Ok(Self(format!("{local}@{domain}")))
    }
    /// The address.
    pub fn address(&self) -> &str {
        &self.0
    }
}

/// An address in one of a customer's slots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point<A> {
    /// The slot, 1 to 5; for a company also its contact level.
    pub slot: u8,
    /// The address.
    pub address: A,
    /// Proved wrong: not used until edited.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invalid: bool,
    /// Other customers have it too: one automatic message a day for all of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
    /// Scopes on which this address asked not to be contacted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub opted_out: BTreeSet<Scope>,
    /// What use has shown of it.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub marks: Marks,
}

fn is_nothing(marks: &Marks) -> bool {
    *marks == Marks::default()
}

impl<A> Point<A> {
    /// An address with nothing known against it.
    pub fn new(slot: u8, address: A) -> Self {
        Self { slot, address, invalid: false, shared: false, opted_out: BTreeSet::new(), marks: Marks::default() }
    }
}

/// What is known of an address, whatever kind of address it is.
#[derive(Debug)]
pub struct Known<'a> {
    /// It was proved wrong.
    pub invalid: &'a mut bool,
    /// Other customers have it too.
    pub shared: &'a mut bool,
    /// Scopes on which it asked not to be contacted.
    pub opted_out: &'a mut BTreeSet<Scope>,
    /// What use has shown of it.
    pub marks: &'a mut Marks,
}

impl<A> Point<A> {
    /// What is known of it.
    pub fn known(&mut self) -> Known<'_> {
        let Self { invalid, shared, opted_out, marks, .. } = self;
        Known { invalid, shared, opted_out, marks }
    }
}

impl<A: PartialEq> Point<A> {
    /// Takes over what was known of the same address, in whatever slot it stood: a no stays a no.
    pub fn keep_marks(&mut self, before: &[Self]) {
        for known in before.iter().filter(|p| p.address == self.address) {
            self.invalid |= known.invalid;
            self.shared |= known.shared;
            self.opted_out.extend(&known.opted_out);
            self.marks.keep(&known.marks);
        }
    }
}

/// Whether a customer can be reached by a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// There is a usable address.
    Usable,
    /// The customer, or every address that would do, opted out.
    OptedOut,
    /// There are addresses, all proved wrong.
    Invalid,
    /// There is no address.
    Nothing,
}

/// Where one message goes: an address and whether other customers share it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// Phone in E.164 or e-mail address.
    pub address: String,
    /// Shared with other customers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Destination(…)")
    }
}

/// Chosen addresses of one message: several in `to` only for a company's e-mail levels.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Recipients {
    /// Main recipients.
    pub to: Vec<Destination>,
    /// Copies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<Destination>,
}

impl Recipients {
    /// Every one, copies last.
    pub fn all(&self) -> impl Iterator<Item = &Destination> {
        self.to.iter().chain(&self.cc)
    }

    /// The addresses that several customers have.
    pub fn shared(&self) -> impl Iterator<Item = &str> {
        self.all().filter(|d| d.shared).map(|d| d.address.as_str())
    }
}

/// Contact levels of a company that a step writes to and copies; empty means every level.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Levels {
    /// Levels written to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<u8>,
    /// Levels copied (e-mail only).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<u8>,
}

/// Chooses where a message of a channel goes at an instant, or says why it goes nowhere.
///
/// A person gets it at the first usable address in slot order. A company gets one e-mail to its levels with copies, or
/// one WhatsApp or SMS at the first usable phone of its levels. A template for references or guarantors goes to the first
/// of them that has an address of the channel; the customer's own opt-out binds it too (theirs is asked where the message
/// is claimed).
pub fn choose(
    customer: &Customer,
    audience: Audience,
    channel: Channel,
    levels: &Levels,
    at: DateTime<Utc>,
) -> Result<Recipients, Reach> {
    if customer.opted_out.iter().any(|s| s.covers(channel)) {
        return Err(Reach::OptedOut);
    }
    match audience {
        Audience::Customer => {}
        Audience::Reference => return of_related(&customer.references, channel),
        Audience::Guarantor => return of_related(&customer.guarantors, channel),
    }
    let company = customer.kind == Kind::Company;
    let stands = |wanted: &[u8], slot: u8| !company || wanted.is_empty() || wanted.contains(&slot);
    let candidates: Vec<Candidate> = match channel {
        Channel::Email => customer.emails.iter().map(|p| Candidate::of(p, p.address.address(), channel, at)).collect(),
        Channel::Whatsapp | Channel::Sms | Channel::Call => {
            customer.phones.iter().map(|p| Candidate::of(p, p.address.e164(), channel, at)).collect()
        }
    };
    let main: Vec<&Candidate> = candidates.iter().filter(|c| stands(&levels.to, c.slot)).collect();
    let usable: Vec<Destination> = main.iter().filter(|c| c.reach == Reach::Usable).map(|c| c.destination()).collect();
    if usable.is_empty() {
        return Err(main.iter().map(|c| c.reach).min().unwrap_or(Reach::Nothing));
    }
    if !(company && channel == Channel::Email) {
        return Ok(Recipients { to: usable.into_iter().take(1).collect(), cc: Vec::new() });
    }
    let copied = |c: &&Candidate| levels.cc.contains(&c.slot) && c.reach == Reach::Usable;
    let to = if levels.to.is_empty() { usable.into_iter().take(1).collect() } else { distinct(usable, &[]) };
    let cc = distinct(candidates.iter().filter(copied).map(Candidate::destination), &to);
    Ok(Recipients { to, cc })
}

/// Each address once, and none that is among others already: one person may stand in several slots.
fn distinct(all: impl IntoIterator<Item = Destination>, others: &[Destination]) -> Vec<Destination> {
    let mut kept: Vec<Destination> = Vec::new();
    for destination in all {
        if !kept.iter().chain(others).any(|d| d.address == destination.address) {
            kept.push(destination);
        }
    }
    kept
}

fn of_related(people: &[Related], channel: Channel) -> Result<Recipients, Reach> {
    let first = people.iter().find_map(|r| r.address(channel)).ok_or(Reach::Nothing)?;
    Ok(Recipients { to: vec![Destination { address: first.to_owned(), shared: false }], cc: Vec::new() })
}

struct Candidate<'a> {
    slot: u8,
    address: &'a str,
    shared: bool,
    reach: Reach,
}

impl<'a> Candidate<'a> {
    fn of<A>(point: &Point<A>, address: &'a str, channel: Channel, at: DateTime<Utc>) -> Self {
        let silent = point.opted_out.iter().any(|s| s.covers(channel)) || point.marks.is_silent(at);
        let reach = match (silent, point.invalid || point.marks.rules_out(channel, at)) {
            (true, _) => Reach::OptedOut,
            (false, true) => Reach::Invalid,
            (false, false) => Reach::Usable,
        };
        Self { slot: point.slot, address, shared: point.shared, reach }
    }
    fn destination(&self) -> Destination {
        Destination { address: self.address.to_owned(), shared: self.shared }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debt::document::Document;

    fn customer(kind: &str) -> Customer {
        Customer::new(Document::parse(kind, "20123456789").expect("a document"), "Ana")
    }
    fn email(slot: u8, text: &str) -> Point<Email> {
        Point::new(slot, Email::parse(text).expect("an e-mail"))
    }
    fn addresses(found: &Recipients) -> (Vec<&str>, Vec<&str>) {
        (found.to.iter().map(|d| d.address.as_str()).collect(), found.cc.iter().map(|d| d.address.as_str()).collect())
    }

    #[test]
    fn a_person_is_written_to_at_the_first_usable_address() {
        let mut ana = customer("CC");
        ana.emails = vec![email(1, "uno@x.com"), email(2, "dos@x.com")];
        ana.emails[0].invalid = true;
        let found = choose(&ana, Audience::Customer, Channel::Email, &Levels::default(), DateTime::UNIX_EPOCH)
            .expect("an address");
        assert_eq!(addresses(&found), (vec!["dos@x.com"], vec![]));
        ana.emails[1].opted_out.insert(Scope::All);
        assert_eq!(
            choose(&ana, Audience::Customer, Channel::Email, &Levels::default(), DateTime::UNIX_EPOCH),
            Err(Reach::OptedOut)
        );
        assert_eq!(
            choose(&ana, Audience::Customer, Channel::Sms, &Levels::default(), DateTime::UNIX_EPOCH),
            Err(Reach::Nothing)
        );
    }

    #[test]
    fn a_company_is_written_to_at_its_levels_with_copies() {
        let mut acme = customer("RUC");
        acme.emails = vec![email(1, "a@x.com"), email(2, "b@x.com"), email(3, "c@x.com")];
        let levels = Levels { to: vec![1, 3], cc: vec![2, 3] };
        let found =
            choose(&acme, Audience::Customer, Channel::Email, &levels, DateTime::UNIX_EPOCH).expect("addresses");
        assert_eq!(addresses(&found), (vec!["a@x.com", "c@x.com"], vec!["b@x.com"]));
    }

    #[test]
    fn a_guarantor_is_written_to_at_its_own_address() {
        let mut ana = customer("CC");
        ana.emails = vec![email(1, "ana@x.com")];
        let guarantor = |text: &str| {
            choose(&ana_with(&ana, text), Audience::Guarantor, Channel::Email, &Levels::default(), DateTime::UNIX_EPOCH)
        };
        assert_eq!(addresses(&guarantor("aval@x.com").expect("an address")).0, vec!["aval@x.com"]);
        assert_eq!(
            choose(&ana, Audience::Reference, Channel::Email, &Levels::default(), DateTime::UNIX_EPOCH),
            Err(Reach::Nothing)
        );
    }
    fn ana_with(ana: &Customer, guarantor: &str) -> Customer {
        let email = Email::parse(guarantor).ok();
        Customer { guarantors: vec![Related { name: "Aval".into(), phone: None, email }], ..ana.clone() }
    }

    #[test]
    fn an_e_mail_is_one_clean_address() {
        for (text, expected) in [
            (" Ana.Diaz@Empresa.COM ", Some("ana.diaz@empresa.com")),
            ("<mailto:ana@x.com>", Some("ana@x.com")),
            ("mailto:ana@x.com", Some("ana@x.com")),
            ("ana@niño.cl", Some("ana@xn--nio-8ma.cl")),
            ("a@b", None),
            ("a b@x.com", None),
            ("a@x.com;b@x.com", None),
            ("a@x.com, b@x.com", None),
            ("@x.com", None),
            ("a..b@x.com", None),
        ] {
            let read = Email::parse(text).ok().map(|e| e.address().to_owned());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }
}
