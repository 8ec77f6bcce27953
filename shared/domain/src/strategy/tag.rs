//! Tags: what a template can say of a customer, and their values, written as the project's country writes them.

use crate::country::NumberStyle;
use crate::debt::account::Account;
use crate::debt::event::About;
use crate::debt::money::Money;
use crate::debt::order::{Order, days_past_due};
use crate::debt::statement::Statement;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// The values of one customer's tags.
pub type Values = BTreeMap<String, String>;

/// The statement of account, as a table.
pub const STATEMENT: &str = "estado_de_cuenta";
/// The link to the ways to pay.
pub const PAY_HERE: &str = "paga_aqui";

/// Every tag with its meaning; variables are `variable.NOMBRE` besides.
pub const TAGS: [(&str, &str); 23] = [
    ("nombre", "Nombre completo del cliente"),
    ("primer_nombre", "Primer nombre del cliente"),
    ("tipo_documento", "Tipo de documento"),
    ("documento", "Número de documento"),
    ("empresa", "Nombre comercial del proyecto"),
    ("codigo", "Código de la orden que decide la cobranza"),
    ("vencimiento", "Fecha de vencimiento de esa orden"),
    ("monto", "Saldo de esa orden"),
    ("dias_atraso", "Días de atraso de esa orden"),
    ("producto", "Producto de esa orden"),
    ("cuota", "Número de cuota de esa orden"),
    ("moneda", "Moneda de esa orden"),
    ("total", "Saldo total abierto en la moneda de esa orden"),
    ("total_vencido", "Saldo vencido en la moneda de esa orden"),
    ("ordenes", "Número de órdenes abiertas"),
    ("lista_ordenes", "Lista de órdenes abiertas, para correos"),
    (STATEMENT, "Estado de cuenta: tabla de las órdenes pendientes, con vencimientos y saldos"),
    (PAY_HERE, "Paga aquí: enlace propio de cada mensaje a los métodos de cobro del proyecto"),
    ("fecha_evento", "Fecha de lo que origina un mensaje de evento: la del compromiso, la del pago"),
    ("monto_evento", "Monto de lo que origina un mensaje de evento: el del compromiso, el del pago"),
    ("pago", "Enlace, referencia o indicaciones de pago: lo primero que haya"),
    ("link_pago", "Enlace de pago"),
    ("asesor", "Asesor asignado"),
];

/// Whether a tag exists.
pub fn exists(name: &str) -> bool {
    TAGS.iter().any(|(tag, _)| *tag == name) || name.strip_prefix("variable.").is_some_and(|v| !v.trim().is_empty())
}

/// The tag most like a mistyped one.
pub fn nearest(name: &str) -> &'static str {
    let name = name.to_lowercase();
    let like = |tag: &str| strsim::jaro_winkler(tag, &name);
    TAGS.iter().max_by(|a, b| like(a.0).total_cmp(&like(b.0))).map_or("nombre", |t| t.0)
}

/// What the project gives to every message.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    /// Commercial name.
    pub company: &'a str,
    /// How amounts are written.
    pub style: NumberStyle,
    /// Payment page, with tags.
    pub payment_url: Option<&'a str>,
    /// How to pay, in words.
    pub how_to_pay: Option<&'a str>,
}

/// The longest list of orders a message shows.
const LISTED: usize = 50;

/// Computes the values of a customer's tags; with no orders at hand only what the account knows has a value.
pub fn values(account: &Account, orders: Option<&[Order]>, sender: Sender<'_>, today: NaiveDate) -> Values {
    let mut values = Values::new();
    let mut put = |name: &str, value: String| {
        if !value.trim().is_empty() {
            values.insert(name.to_owned(), value);
        }
    };
    let customer = &account.customer;
    put("nombre", customer.name.clone());
    let first = customer.name.split_whitespace().next().unwrap_or_default();
    let company = customer.kind == crate::debt::customer::Kind::Company;
    put("primer_nombre", if company { customer.name.clone() } else { first.to_owned() });
    put("tipo_documento", customer.document.kind.clone());
    put("documento", customer.document.number.clone());
    put("empresa", sender.company.to_owned());
    put("asesor", customer.adviser.as_ref().map(|a| a.to_string()).unwrap_or_default());
    put("ordenes", account.summary.count().to_string());
    for (name, value) in &customer.variables {
        put(&format!("variable.{name}"), value.clone());
    }
    if let Some(carrying) = &account.summary.carrying {
        let money = |minor| Money::new(minor, carrying.currency).display(sender.style);
        put("codigo", carrying.code.clone());
        put("vencimiento", date(carrying.due));
        put("monto", money(carrying.balance));
        put("dias_atraso", days_past_due(carrying.due, today).max(0).to_string());
        put("moneda", carrying.currency.to_string());
        put("total", money(account.summary.open.get(&carrying.currency).map_or(0, |o| o.balance)));
        if let Some(order) = orders.and_then(|all| all.iter().find(|o| o.code == carrying.code)) {
            of_order(order, &mut put);
        }
        if let Some(all) = orders {
            let same = all.iter().filter(|o| o.is_collectable() && o.currency == carrying.currency);
            put("total_vencido", money(same.filter(|o| o.due < today).map(Order::balance).sum()));
            put("lista_ordenes", list(all, sender.style));
            put(STATEMENT, Statement::of(all, today).table(sender.style));
        }
    }
    pay(&mut values, orders, account, sender);
    values
}

/// Adds what a message of an event is about.
pub fn of_event(values: &mut Values, about: &About, sender: Sender<'_>) {
    if let Some(day) = about.date {
        values.insert("fecha_evento".to_owned(), date(day));
    }
    if let (Some(amount), Some(currency)) = (about.amount, about.currency) {
        let money = Money::new(amount.abs(), currency).display(sender.style);
        values.insert("monto_evento".to_owned(), money);
    }
}

fn of_order(order: &Order, put: &mut impl FnMut(&str, String)) {
    put("producto", order.details.product.clone().unwrap_or_default());
    put("cuota", order.details.instalment.clone().unwrap_or_default());
    for (name, value) in &order.details.variables {
        put(&format!("variable.{name}"), value.clone());
    }
}

/// The payment tag takes the first present: the order's link, the project's page, the order's reference, the words.
fn pay(values: &mut Values, orders: Option<&[Order]>, account: &Account, sender: Sender<'_>) {
    let carrying = account.summary.carrying.as_ref().map(|c| c.code.as_str());
    let order = orders.and_then(|all| all.iter().find(|o| Some(o.code.as_str()) == carrying));
    let page = sender.payment_url.and_then(|url| super::template::Compiled::parse(url).ok()?.fill(values).ok());
    let link = order.and_then(|o| o.details.payment_link.clone()).or(page);
    let reference =
        order.and_then(|o| o.details.payment_reference.as_ref()).map(|r| format!("Referencia de pago: {r}"));
    if let Some(link) = &link {
        values.insert("link_pago".to_owned(), link.clone());
    }
    if let Some(pay) = link.or(reference).or_else(|| sender.how_to_pay.map(str::to_owned)) {
        values.insert("pago".to_owned(), pay);
    }
}

fn list(orders: &[Order], style: NumberStyle) -> String {
    let mut open: Vec<&Order> = orders.iter().filter(|o| o.is_collectable()).collect();
    open.sort_by(|a, b| (a.due, &a.code).cmp(&(b.due, &b.code)));
    let line = |o: &&Order| {
        format!("- {} · vence {} · {}", o.code, date(o.due), Money::new(o.balance(), o.currency).display(style))
    };
    let mut lines: Vec<String> = open.iter().take(LISTED).map(line).collect();
    if open.len() > LISTED {
        lines.push(format!("… y {} más", open.len() - LISTED));
    }
    lines.join("\n")
}

/// A date as Latin America writes it.
pub fn date(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::plan::tests::account;

    fn sender() -> Sender<'static> {
        Sender { company: "Andes", style: NumberStyle::DotDecimal, payment_url: None, how_to_pay: Some("Banco X") }
    }

    #[test]
    fn values_are_written_as_the_country_writes_them() {
        let account = account();
        let order =
            Order::new("F-1", "2026-03-07".parse().expect("d"), Money::new(123_450, "PEN".parse().expect("pen")));
        let got = values(&account, Some(&[order]), sender(), "2026-03-10".parse().expect("d"));
        for (tag, expected) in [
            ("nombre", "Ana Díaz"),
            ("primer_nombre", "Ana"),
            ("vencimiento", "07/03/2026"),
            ("monto", "S/ 1,234.50"),
            ("dias_atraso", "3"),
            ("total_vencido", "S/ 1,234.50"),
            ("lista_ordenes", "- F-1 · vence 07/03/2026 · S/ 1,234.50"),
            ("pago", "Banco X"),
        ] {
            assert_eq!(got.get(tag).map(String::as_str), Some(expected), "{tag}");
        }
    }

    #[test]
    fn the_payment_tag_takes_the_first_present() {
        let account = account();
        let mut order = Order::new("F-1", "2026-03-07".parse().expect("d"), Money::new(1, "PEN".parse().expect("pen")));
        let today = "2026-03-10".parse().expect("d");
        order.details.payment_reference = Some("123".into());
        let got =
            |o: &Order, s: Sender<'_>| values(&account, Some(std::slice::from_ref(o)), s, today).get("pago").cloned();
        assert_eq!(got(&order, sender()).as_deref(), Some("Referencia de pago: 123"));
        let page = Sender { payment_url: Some("https://pay/{codigo}"), ..sender() };
        assert_eq!(got(&order, page).as_deref(), Some("https://pay/F-1"));
        order.details.payment_link = Some("https://own".into());
        assert_eq!(got(&order, page).as_deref(), Some("https://own"));
    }
}
