//! What somebody of the team is told by e-mail, once what happened is stored: the adviser of money from somebody who could not
//! pay, the supervisor of a declared payment nobody looked at in time.

use super::Dossier;
use crate::notice::notify;
use cauce_domain::contact::alert::Alert;
use cauce_domain::debt::event::{Event, EventKind};
use cauce_domain::debt::money::Money;
use cauce_domain::ids::UserId;

/// A notice to one of the team.
pub(super) struct Notice {
    to: Vec<String>,
    about: String,
    of: EventKind,
    words: (String, String),
}

/// The notices that are not of payments.
pub(super) fn without_payments(mut notices: Vec<Notice>) -> Vec<Notice> {
    notices.retain(|notice| notice.of != EventKind::Payment);
    notices
}

impl Dossier<'_> {
    /// What is to be told of what happens now.
    pub(super) fn notices(&self) -> Vec<Notice> {
        let customer = &self.account.customer;
        let could_not_pay = self.before.alerts.has(Alert::CannotPay);
        let one = |event: &Event| {
            let (to, subject, what) = match event.event {
                EventKind::Payment if could_not_pay => {
                    let to = [&customer.adviser, &customer.supervisor];
                    (
                        to,
                        "Pagó un cliente que no podía pagar",
                        "pagó; sus comunicaciones siguen detenidas hasta que usted las reanude",
                    )
                }
                EventKind::PaymentEscalated => {
                    let to = [&customer.supervisor, &customer.adviser];
                    (
                        to,
                        "Un pago por verificar pasó su plazo",
                        "avisó un pago que nadie verificó a tiempo; el flujo continúa",
                    )
                }
                _ => return None,
            };
            let money = event.about.amount.zip(event.about.currency);
            let style = self.desk.setup.project().number_style;
            let money =
                money.map_or_else(String::new, |(minor, of)| format!(" ({})", Money::new(minor, of).display(style)));
            let text = format!("{} {what}{money}.", customer.name);
            let (about, of, words) = (event.id.clone(), event.event, (subject.to_owned(), text));
            Some(Notice { to: self.addresses(to), about, of, words })
        };
        self.events.iter().filter_map(one).collect()
    }

    /// The first of some users that has an address; the project's alert addresses, where none has.
    fn addresses(&self, users: [&Option<UserId>; 2]) -> Vec<String> {
        let setup = self.desk.setup;
        let known = |id: &UserId| setup.users.iter().find(|user| user.value.active && user.value.id == *id);
        match users.into_iter().flatten().find_map(known) {
            Some(user) => vec![user.value.email.clone()],
            None => setup.project().alert_addresses.clone(),
        }
    }

    /// Tells the team. What is lost here is in the thread and in the trays all the same.
    pub(super) async fn tell_the_team(&self, notices: Vec<Notice>) {
        for Notice { to, about, words, .. } in notices {
            notify(self.desk.ports, self.desk.setup, to, &about, words, self.desk.by.at).await;
        }
    }
}
