//! A foreign file through a mapping; the published sample of receivables where it is at hand.

use crate::built::root;
use crate::world::World;
use cauce_engine::import::job::{Kind, LoadState, Options};
use cauce_engine::store::edits::By;
use cauce_engine::store::settings::{FieldSource, Mapping, place, save};

fn mapping(name: &str, fields: &[(&str, FieldSource)], skip: Option<&str>) -> Mapping {
    Mapping {
        name: name.into(),
        fields: fields.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect(),
        date_format: Some("mm/dd/yyyy".into()),
        decimal: Some(cauce_domain::country::NumberStyle::DotDecimal),
        skip_when_empty: skip.map(str::to_owned),
    }
}

async fn mappings(world: &World) {
    let column = |name: &str| FieldSource::Column(name.into());
    let constant = |text: &str| FieldSource::Constant(text.into());
    let pattern = |text: &str| FieldSource::Pattern(text.into());
    let who = [("Tipo de documento", constant("Otros")), ("Número de documento", column("customerID"))];
    let customers = [
        who.as_slice(),
        &[
            ("Nombre", pattern("Cliente {customerID}")),
            ("Correo_1", pattern("{customerID}@example.com")),
            ("Variable País", column("countryCode")),
        ],
    ]
    .concat();
    let orders = [
        who.as_slice(),
        &[
            ("Código de pago", column("invoiceNumber")),
            ("Fecha de emisión", column("InvoiceDate")),
            ("Fecha de vencimiento", column("DueDate")),
            ("Monto", column("InvoiceAmount")),
            ("Moneda", constant("USD")),
        ],
    ]
    .concat();
    let payments = [
        ("Código de pago", column("invoiceNumber")),
        ("Código de movimiento", pattern("{invoiceNumber}-P")),
        ("Fecha", column("SettledDate")),
        ("Monto", column("InvoiceAmount")),
        ("Moneda", constant("USD")),
    ];
    for mapping in [
        mapping("clientes", &customers, None),
        mapping("facturas", &orders, None),
        mapping("cobros", &payments, Some("Fecha")),
    ] {
        let key = place(&world.project, format!("mapping#{}", mapping.name));
        save(&world.house().ports, &By::cauce(world.now()), key, None, &mapping).await.expect("saved");
    }
}

async fn load(world: &World, kind: Kind, content: &[u8], mapping: &str) -> cauce_engine::import::job::Load {
    let options = Options { mapping: Some(mapping.into()), ..Options::default() };
    world.load_with(kind, content.to_vec(), options).await
}

#[tokio::test]
async fn one_foreign_file_gives_customers_orders_and_payments() {
    let world = World::on("2026-03-10").await;
    mappings(&world).await;
    let file = b"countryCode,customerID,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,SettledDate\n\
        391,A-1,1,1/2/2026,2/13/2026,55.94,1/15/2026\n391,A-1,2,1/2/2026,4/25/2026,10.00,\n406,B-1,3,1/2/2026,4/25/2026,20.00,\n";
    let customers = load(&world, Kind::Customers, file, "clientes").await;
    assert_eq!((customers.counts.new, customers.counts.rejected), (2, 0), "a customer said again is no error");
    let orders = load(&world, Kind::Orders, file, "facturas").await;
    assert_eq!((orders.counts.new, orders.counts.rejected), (3, 0), "{:?}", world.notes(&orders).await);
    let payments = load(&world, Kind::Payments, file, "cobros").await;
    assert_eq!((payments.counts.rows, payments.counts.paid), (1, 1), "unpaid invoices are no payments");
    assert_eq!(load(&world, Kind::Payments, file, "cobros").await.counts.unchanged, 1);
    assert!(world.broken().await.is_empty());
}

#[tokio::test]
async fn the_published_receivables_load_whole() {
    let path = root().parent().expect("a parent").join("shared/data/ibm_ar.csv");
    let Ok(file) = std::fs::read(&path) else { return };
    let world = World::on("2013-12-10").await;
    mappings(&world).await;
    let customers = load(&world, Kind::Customers, &file, "clientes").await;
    let orders = load(&world, Kind::Orders, &file, "facturas").await;
    let payments = load(&world, Kind::Payments, &file, "cobros").await;
    for load in [&customers, &orders, &payments] {
        assert_eq!(load.state, LoadState::Finished, "{:?}", world.notes(load).await);
    }
    assert_eq!((customers.counts.new, orders.counts.new, payments.counts.paid), (100, 2466, 2466));
    assert!(world.broken().await.is_empty());
}

#[test]
fn the_providers_phone_vectors_read_as_they_say() {
    use cauce_domain::contact::phone::{Read, read, whatsapp_aliases};
    let path = root().parent().expect("a parent").join("shared/payloads/vectors/phone.json");
    let Ok(text) = std::fs::read_to_string(&path) else { return };
    let cases: Vec<serde_json::Value> = serde_json::from_str(&text).expect("json");
    for case in cases {
        let input = case["input"].as_str().expect("an input");
        let region = case["region"].as_str().and_then(|r| r.parse().ok());
        if case["region"].as_str().is_some() && region.is_none() {
            continue; // a country this house has no rules for
        }
        let strict = match read(input, region) {
            Ok(Read::Valid(number)) => Some(number),
            Ok(Read::Unverified(_)) | Err(_) => None,
        };
        assert_eq!(strict.as_deref(), case["e164"].as_str(), "{case}");
        if let (Some(number), Some(aliases)) = (strict, case["wa_aliases"].as_array()) {
            let aliases: Vec<&str> = aliases.iter().filter_map(|a| a.as_str()).collect();
            assert_eq!(whatsapp_aliases(&number), aliases, "{case}");
        }
    }
}
