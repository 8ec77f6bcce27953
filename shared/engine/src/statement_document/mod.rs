//! The statement of account as a document: what a customer owes, in the colours of the company that is owed.

mod sheet;

use crate::Ports;
use crate::error::Error;
use crate::message_files;
use crate::store::settings::Setup;
use bytes::Bytes;
use cauce_domain::contact::file::MessageFile;
use cauce_domain::debt::account::Account;
use cauce_domain::debt::money::Money;
use cauce_domain::debt::order::Order;
use cauce_domain::debt::payment_method::PaymentMethod;
use cauce_domain::debt::statement::{Line, Statement};
use cauce_domain::strategy::tag::date;
use chrono::NaiveDate;
use sheet::{Face, Row, Sheet};

/// Most orders a document lists; whoever owes by more is told how many more there are.
const MOST_LINES: usize = 2000;
/// Left and right edge of what is written, and the edges of the table's columns, in points of a page of A4.
const LEFT: f32 = 50.0;
const RIGHT: f32 = 545.0;
const COLUMNS: [f32; 4] = [50.0, 170.0, 330.0, 545.0];

/// Draws the document and keeps it: what was sent stays what it was.
pub(crate) async fn keep(
    ports: &Ports,
    setup: &Setup,
    account: &Account,
    orders: &[Order],
    today: NaiveDate,
) -> Result<MessageFile, Error> {
    let bytes = draw(ports, setup, account, orders, today).await?;
    message_files::keep(ports, setup, &format!("estado de cuenta {today}.pdf"), Bytes::from(bytes)).await
}

/// Draws the document; the same customer on the same day gives the same bytes.
pub async fn draw(
    ports: &Ports,
    setup: &Setup,
    account: &Account,
    orders: &[Order],
    today: NaiveDate,
) -> Result<Vec<u8>, Error> {
    let brand = &setup.project().brand;
    let logo = match &brand.logo {
        Some(file) => message_files::read(ports, std::slice::from_ref(file)).await?.and_then(|mut all| all.pop()),
        None => None,
    };
    let mut sheet = Sheet::new(&format!("Estado de cuenta de {}", account.customer.name), brand)?;
    head(&mut sheet, setup, account, today, logo);
    let statement = Statement::of(orders, today);
    table(&mut sheet, setup, &statement);
    ways_to_pay(&mut sheet, &setup.project().payment_methods);
    sheet.finish()
}

fn head(
    sheet: &mut Sheet,
    setup: &Setup,
    account: &Account,
    today: NaiveDate,
    logo: Option<crate::ports::channel::OutgoingFile>,
) {
    let under = logo.is_some_and(|file| sheet.logo(LEFT, file.kind, file.bytes.to_vec()));
    if !under {
        sheet.write(Row::of(Face::Title).at(LEFT, RIGHT - 150.0, &setup.project().name).tinted());
    }
    sheet.write(Row::of(Face::Heading).at(LEFT, RIGHT - 150.0, "Estado de cuenta").ending(RIGHT, &date(today)));
    sheet.space(8.0);
    let document = &account.customer.document;
    sheet.write(Row::of(Face::Strong).at(LEFT, RIGHT, &account.customer.name));
    sheet.write(Row::of(Face::Plain).at(LEFT, RIGHT, &format!("{} {}", document.kind, document.number)));
    sheet.space(14.0);
}

fn table(sheet: &mut Sheet, setup: &Setup, statement: &Statement) {
    let style = setup.sender().style;
    if statement.lines.is_empty() {
        sheet.write(Row::of(Face::Plain).at(LEFT, RIGHT, "No tiene órdenes pendientes de pago."));
        return;
    }
    let titles = Row::of(Face::Strong).at(COLUMNS[0], COLUMNS[1], "Orden").at(COLUMNS[1], COLUMNS[2], "Producto");
    sheet.heads(titles.at(COLUMNS[2], COLUMNS[3] - 110.0, "Vencimiento").ending(COLUMNS[3], "Saldo"));
    for line in statement.lines.iter().take(MOST_LINES) {
        sheet.write(of(line).ending(COLUMNS[3], &line.balance.display(style)));
    }
    if statement.lines.len() > MOST_LINES {
        let more = format!("… y {} más", statement.lines.len() - MOST_LINES);
        sheet.write(Row::of(Face::Plain).at(LEFT, RIGHT, &more));
    }
    sheet.line();
    for (currency, minor) in &statement.totals {
        let total = Money::new(*minor, *currency).display(style);
        sheet.write(Row::of(Face::Strong).at(COLUMNS[0], COLUMNS[2], "Total pendiente").ending(COLUMNS[3], &total));
    }
    sheet.no_heads();
}

fn of(line: &Line) -> Row {
    let due = date(line.due) + if line.overdue { " · vencida" } else { "" };
    let product = line.product.as_deref().unwrap_or_default();
    let row = Row::of(Face::Plain).at(COLUMNS[0], COLUMNS[1], &line.code).at(COLUMNS[1], COLUMNS[2], product);
    row.at(COLUMNS[2], COLUMNS[3] - 110.0, &due)
}

/// Accounts to pay into; pages of payment are links, and stand in the message.
fn ways_to_pay(sheet: &mut Sheet, methods: &[PaymentMethod]) {
    let told = |method: &&PaymentMethod| method.active && (method.code.is_some() || method.instructions.is_some());
    let mut told = methods.iter().filter(told).peekable();
    if told.peek().is_none() {
        return;
    }
    sheet.space(16.0);
    sheet.write(Row::of(Face::Strong).at(LEFT, RIGHT, "Cómo pagar"));
    for method in told {
        let code = method.code.as_deref().map_or(String::new(), |code| format!(": {code}"));
        sheet.write(Row::of(Face::Plain).at(LEFT, RIGHT, &format!("{}{code}", method.name)));
        for line in method.instructions.iter().flat_map(|text| text.lines()) {
            sheet.wrapped(LEFT + 12.0, RIGHT, line);
        }
    }
}
