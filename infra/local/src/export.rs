//! A project's portfolio taken out, in the columns it was loaded with; formulas are written as words.

use cauce_domain::debt::account::Account;
use cauce_domain::debt::customer::{Portfolio, Status};
use cauce_domain::debt::money::Money;
use cauce_engine::Error;
use cauce_engine::Ports;
use cauce_engine::ports::PortError;
use cauce_engine::ports::table::{Index, Query};
use cauce_engine::store::codec::decode;
use cauce_engine::store::keys::{self, SHARD_NAMES};
use cauce_engine::store::settings::Setup;
use cauce_engine::store::{accounts, query_all};
use chrono::NaiveDate;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes `customers.csv`, `orders.csv` and `payments.csv`; answers how many customers and orders.
pub async fn export(ports: &Ports, setup: &Setup, today: NaiveDate, folder: &Path) -> Result<(u64, u64), Error> {
    let failed = |e: std::io::Error| Error::Port(PortError::Unavailable("el disco", Some(Box::new(e))));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let open = |name: &str| std::fs::File::create(folder.join(name)).map(BufWriter::new).map_err(failed);
    let (mut customers, mut orders, mut payments) =
        (open("customers.csv")?, open("orders.csv")?, open("payments.csv")?);
    writeln!(customers, "Tipo de documento,Número de documento,Nombre,Celular_1,Correo_1,Tipo de cartera,Estado")
        .map_err(failed)?;
    writeln!(orders, "Tipo de documento,Número de documento,Código de pago,Fecha de vencimiento,Moneda,Monto,Intereses,Descuentos,Saldo,Estado de la orden,Producto")
        .map_err(failed)?;
    writeln!(payments, "Código de pago,Código de movimiento,Tipo,Fecha,Monto,Moneda,Medio de pago,Referencia")
        .map_err(failed)?;
    let mut counts = (0, 0);
    for shard in SHARD_NAMES {
        let query = Query::index(Index::Customers, keys::customers_shard(setup.id(), shard));
        for stored in query_all(ports.table.as_ref(), query).await? {
            let account: Account = decode(&stored.body)?;
            counts.0 += 1;
            customer(&account, &mut customers).map_err(failed)?;
            for order in accounts::all_orders(ports, setup.id(), &account.id).await? {
                counts.1 += 1;
                let money = |minor| Money::new(minor, order.currency).plain();
                let who = &account.customer.document;
                let fields = [
                    who.kind.clone(),
                    who.number.clone(),
                    order.code.clone(),
                    order.due.to_string(),
                    order.currency.to_string(),
                    money(order.amount),
                    money(order.interest),
                    money(order.discounts),
                    money(order.balance()),
                    order.state(today).spanish().to_owned(),
                    order.details.product.clone().unwrap_or_default(),
                ];
                line(&mut orders, &fields).map_err(failed)?;
            }
            for movement in accounts::movements(ports, setup.id(), &account.id).await? {
                let amount = Money::new(movement.amount, movement.currency).plain();
                let kind = if movement.annulled { "Anulado" } else { "Pago" };
                let fields = [
                    movement.order.clone().unwrap_or_default(),
                    movement.code.clone(),
                    kind.to_owned(),
                    movement.date.to_string(),
                    amount,
                    movement.currency.to_string(),
                    movement.method.clone().unwrap_or_default(),
                    movement.reference.clone().unwrap_or_default(),
                ];
                line(&mut payments, &fields).map_err(failed)?;
            }
        }
    }
    for file in [&mut customers, &mut orders, &mut payments] {
        file.flush().map_err(failed)?;
    }
    Ok(counts)
}

fn customer(account: &Account, out: &mut impl Write) -> std::io::Result<()> {
    let customer = &account.customer;
    let fields = [
        customer.document.kind.clone(),
        customer.document.number.clone(),
        customer.name.clone(),
        customer.phones.first().map(|p| p.address.e164().to_owned()).unwrap_or_default(),
        customer.emails.first().map(|p| p.address.address().to_owned()).unwrap_or_default(),
        if customer.portfolio == Portfolio::WrittenOff { "Castigada" } else { "Vigente" }.to_owned(),
        if customer.status == Status::Active { "Activo" } else { "Inactivo" }.to_owned(),
    ];
    line(out, &fields)
}

/// One line of CSV. A text a spreadsheet would run as a formula is written as words.
fn line(out: &mut impl Write, fields: &[String]) -> std::io::Result<()> {
    let cell = |text: &String| {
        let formula = text.starts_with(['=', '@', '\t', '\r'])
            || (text.starts_with(['+', '-']) && text.contains(['(', '!', '|']));
        let text = if formula { format!("'{text}") } else { text.clone() };
        if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    };
    writeln!(out, "{}", fields.iter().map(cell).collect::<Vec<_>>().join(","))
}
