//! The statement of account (*estado de cuenta*): what a customer owes, order by order, as it is told to the customer.

use crate::country::NumberStyle;
use crate::debt::money::{Currency, Money};
use crate::debt::order::Order;
use crate::strategy::tag::date;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// Most orders a table in a message shows; a document shows them all.
const IN_A_MESSAGE: usize = 50;
/// Most a text shows.
const IN_A_TEXT: usize = 6;
/// What stands between two cells of a line: channels that know tables make one of such lines.
pub const CELL: char = '\t';

/// One line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The order's code.
    pub code: String,
    /// What it is for.
    pub product: Option<String>,
    /// Its due date.
    pub due: NaiveDate,
    /// Whether it is past due.
    pub overdue: bool,
    /// What is owed by it.
    pub balance: Money,
}

/// What a customer owes on a local day, the oldest first. What is disputed, annulled or given up on is not asked for here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statement {
    /// Its lines.
    pub lines: Vec<Line>,
    /// The sum of each currency.
    pub totals: BTreeMap<Currency, i64>,
}

/// The first line of its table, by which one is known in a text.
pub const TITLES: &str = "Orden\tVencimiento\tSaldo";

/// A text whose tables are lines of words, for whoever is shown none.
pub fn without_tables(text: &str) -> String {
    if !text.contains(TITLES) {
        return text.to_owned();
    }
    let line = |line: &str| line.split(CELL).filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" · ");
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

impl Statement {
    /// Draws it from the orders.
    pub fn of(orders: &[Order], today: NaiveDate) -> Self {
        let line = |order: &Order| Line {
            code: order.code.clone(),
            product: order.details.product.clone(),
            due: order.due,
            overdue: order.due < today,
            balance: Money::new(order.balance(), order.currency),
        };
        let mut lines: Vec<Line> = orders.iter().filter(|order| order.is_collectable()).map(line).collect();
        lines.sort_by(|a, b| (a.due, &a.code).cmp(&(b.due, &b.code)));
        let mut totals = BTreeMap::new();
        for line in &lines {
            *totals.entry(line.balance.currency).or_default() += line.balance.minor;
        }
        Self { lines, totals }
    }

    /// The table a message shows: a line an order, its cells set apart; empty where nothing is owed.
    pub fn table(&self, style: NumberStyle) -> String {
        self.of_lines(style, IN_A_MESSAGE)
    }

    /// The same in words, a few lines long, for channels that count each letter.
    pub fn short(&self, style: NumberStyle) -> String {
        without_tables(&self.of_lines(style, IN_A_TEXT))
    }

    fn of_lines(&self, style: NumberStyle, most: usize) -> String {
        if self.lines.is_empty() {
            return String::new();
        }
        let row = |cells: [&str; 3]| cells.join(&CELL.to_string());
        let mut rows = vec![TITLES.to_owned()];
        for line in self.lines.iter().take(most) {
            let due = date(line.due) + if line.overdue { " (vencida)" } else { "" };
            rows.push(row([&line.code, &due, &line.balance.display(style)]));
        }
        if let Some(more) = self.lines.len().checked_sub(most).filter(|more| *more > 0) {
            rows.push(row([&format!("… y {more} más"), "", ""]));
        }
        for (currency, minor) in &self.totals {
            rows.push(row(["Total", "", &Money::new(*minor, *currency).display(style)]));
        }
        rows.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(code: &str, due: &str, minor: i64, currency: &str) -> Order {
        Order::new(code, due.parse().expect("a date"), Money::new(minor, currency.parse().expect("a currency")))
    }

    #[test]
    fn it_tells_what_is_owed_in_each_currency_and_nothing_that_is_disputed() {
        let disputed = Order { disputed: true, ..order("D", "2026-01-01", 999, "PEN") };
        let orders = [order("B", "2026-03-20", 5_000, "USD"), order("A", "2026-03-07", 123_450, "PEN"), disputed];
        let statement = Statement::of(&orders, "2026-03-10".parse().expect("a date"));
        let lines: Vec<&str> = statement.lines.iter().map(|line| line.code.as_str()).collect();
        assert_eq!(lines, ["A", "B"]);
        assert_eq!(
            statement.table(NumberStyle::DotDecimal),
            "Orden\tVencimiento\tSaldo\nA\t07/03/2026 (vencida)\tS/ 1,234.50\nB\t20/03/2026\tUS$ 50.00\n\
             Total\t\tS/ 1,234.50\nTotal\t\tUS$ 50.00"
        );
        let table = format!("{TITLES}\nTotal\t\tS/ 1");
        assert_eq!(without_tables(&table), "Orden · Vencimiento · Saldo\nTotal · S/ 1");
        assert_eq!(without_tables("Cuenta:\t194"), "Cuenta:\t194", "what somebody pasted is no statement");
        assert_eq!(Statement::of(&[], "2026-03-10".parse().expect("a date")).table(NumberStyle::DotDecimal), "");
    }
}
