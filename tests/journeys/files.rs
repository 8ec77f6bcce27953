//! Files as people send them: good, odd, broken and hostile.

use crate::world::{World, day};
use cauce_domain::debt::customer::Status;
use cauce_engine::import::job::{Kind, LoadState, Options};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

pub(super) const HEADER: &str =
    "Tipo de documento,Número de documento,Código de pago,Fecha de vencimiento,Moneda,Monto\n";

fn order(row: &str) -> String {
    format!("{HEADER}{row}\n")
}

#[tokio::test]
async fn a_wrong_row_is_named_and_good_rows_stay() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana Beto").await;
    let rows = [
        "DNI,100,F-1,10/03/2026,PEN,100.50",
        "DNI,100,F-2,31/02/2026,PEN,100.00",
        "DNI,100,F-3,10/03/2026,PEN,cien",
        "DNI,100,F-4,10/03/2026,soles,100.00",
        "DNI,999,F-5,10/03/2026,PEN,100.00",
        "DNI,101,F-1,10/03/2026,PEN,70.00",
        "DNI,100,F-6,10/03/2026,CLP,100.50",
        "DNI,100,,10/03/2026,PEN,100.00",
        "DNI,100,F-7,10/03/2026,PEN,-5.00",
        "DNI,100,F-8,,PEN,5.00",
        ",100,F-9,10/03/2026,PEN,5.00",
        "DNI,100,F-10,10/03/2026,PEN,5.00,sobra",
    ];
    let load = world.load(Kind::Orders, format!("{HEADER}{}\n", rows.join("\n"))).await;
    assert_eq!(load.state, LoadState::FinishedWithErrors);
    assert_eq!((load.counts.rows, load.counts.accepted, load.counts.rejected), (12, 1, 11));
    let notes = world.notes(&load).await;
    for expected in [
        "3: Fecha de vencimiento '31/02/2026': no es una fecha",
        "4: Monto 'cien': no es un monto válido",
        "5: Moneda 'soles': no es una moneda",
        "6: Número de documento '999': el cliente no existe",
        "7: Código de pago 'F-1': la clave se repite",
        "8: Monto '100.50': CLP admite 0 decimales",
        "9: Código de pago: falta el código",
        "10: Monto '-5.00': no puede ser negativo",
        "11: Fecha de vencimiento: falta la fecha",
        "12: Número de documento '100': falta el tipo de documento",
        "13: la fila tiene más columnas",
    ] {
        assert!(notes.iter().any(|n| n.starts_with(expected)), "{expected}\n{notes:#?}");
    }
    let rejected = String::from_utf8(world.file(&load.rejected_file.expect("a file")).await).expect("utf-8");
    let lines: Vec<&str> = rejected.lines().collect();
    assert_eq!(lines.len(), 12);
    assert_eq!(lines[0], format!("{},Error", HEADER.trim_end()));
    assert!(lines[2].starts_with("DNI,100,F-3,10/03/2026,PEN,cien,"), "{}", lines[2]);
}

#[tokio::test]
async fn the_same_file_again_changes_nothing_and_says_so() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    let first = world.orders("100 F-1 2026-03-10 100.00").await;
    assert_eq!((first.counts.new, first.counts.unchanged), (1, 0));
    let before = world.house().table.meter().read();
    let again = world.orders("100 F-1 2026-03-10 100.00").await;
    assert_eq!((again.counts.accepted, again.counts.changed, again.counts.unchanged), (1, 0, 1));
    assert!(again.message.expect("a message").contains("no trae cambios"));
    let written = world.house().table.meter().read() - before;
    assert!(written.writes < 20, "only the log is written: {written:?}");
}

#[tokio::test]
async fn a_file_is_refused_whole_with_what_to_do() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("file_empty", vec![]),
        ("file_empty", b"\n\n\n".to_vec()),
        ("bad_headers", b"a,b,c\n1,2,3\n".to_vec()),
        ("bad_headers", HEADER.replace("Monto", "Importe").into_bytes()),
        ("bad_headers", format!("{},Monto\n", HEADER.trim_end()).into_bytes()),
        ("ambiguous_amounts", format!("{HEADER}DNI,100,F-1,10/03/2026,PEN,1.234\n").into_bytes()),
        (
            "ambiguous_amounts",
            format!("{HEADER}DNI,100,F-1,10/03/2026,PEN,\"1.234,56\"\nDNI,100,F-2,10/03/2026,PEN,\"1,234.56\"\n")
                .into_bytes(),
        ),
        ("ambiguous_dates", order("DNI,100,F-1,03/25/2026,PEN,10").into_bytes()),
        ("scientific_notation", order("DNI,1.23E+10,F-1,25/03/2026,PEN,10").into_bytes()),
        ("row_too_long", format!("{HEADER}DNI,100,\"F-1,{}", "x".repeat(3_000_000)).into_bytes()),
        ("bad_workbook", b"PK\x03\x04not really".to_vec()),
    ];
    for (code, content) in cases {
        let load = world.load(Kind::Orders, content).await;
        assert_eq!((load.state, load.code.as_deref()), (LoadState::Failed, Some(code)), "{:?}", load.message);
        assert!(load.message.is_some());
    }
    assert!(world.account("100").await.summary.carrying.is_none(), "nothing of them was written");
}

#[tokio::test]
async fn a_line_of_a_hundred_megabytes_is_refused_in_little_memory() {
    let world = World::on("2026-03-10").await;
    let mut content = HEADER.as_bytes().to_vec();
    content.resize(100 * 1024 * 1024, b'x');
    let load = world.load(Kind::Orders, content).await;
    assert_eq!(load.code.as_deref(), Some("row_too_long"));
}

#[tokio::test]
async fn a_zip_bomb_is_refused_before_it_is_opened() {
    let world = World::on("2026-03-10").await;
    // A directory that promises four gigabytes from a few hundred bytes.
    let mut bomb = b"PK\x03\x04".to_vec();
    bomb.resize(200, 0);
    let directory = bomb.len() as u32;
    let mut entry = b"PK\x01\x02".to_vec();
    entry.resize(46, 0);
    entry[24..28].copy_from_slice(&u32::MAX.to_le_bytes());
    bomb.extend(entry);
    let mut end = b"PK\x05\x06".to_vec();
    end.resize(22, 0);
    end[10..12].copy_from_slice(&1_u16.to_le_bytes());
    end[16..20].copy_from_slice(&directory.to_le_bytes());
    bomb.extend(end);
    assert_eq!(world.load(Kind::Orders, bomb).await.code.as_deref(), Some("zip_bomb"));
}

#[tokio::test]
async fn a_file_where_every_row_is_wrong_comes_back_whole() {
    let world = World::on("2026-03-10").await;
    let rows: String = (0..5_000).map(|n| format!("DNI,{n},F-{n},10/03/2026,PEN,10.00\n")).collect();
    let load = world.load(Kind::Orders, format!("{HEADER}{rows}")).await;
    assert_eq!((load.counts.accepted, load.counts.rejected), (0, 5_000));
    let rejected = String::from_utf8(world.file(&load.rejected_file.expect("a file")).await).expect("utf-8");
    assert_eq!(rejected.lines().count(), 5_001);
}

#[tokio::test]
async fn rejected_rows_go_back_in_the_users_own_encoding() {
    let world = World::on("2026-03-10").await;
    let text = "Tipo de documento;Número de documento;Nombre\r\nDNI;1;Muñoz\r\nDNI;2;\r\n";
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let load = world.load(Kind::Customers, utf16).await;
    assert_eq!((load.counts.accepted, load.counts.rejected), (1, 1));
    assert_eq!(world.account("1").await.customer.name, "Muñoz");
    let back = world.file(&load.rejected_file.expect("a file")).await;
    assert_eq!(back[..2], [0xFF, 0xFE]);
    let units: Vec<u16> = back[2..].chunks_exact(2).map(|p| u16::from_le_bytes([p[0], p[1]])).collect();
    let back = String::from_utf16(&units).expect("utf-16");
    assert!(back.starts_with("Tipo de documento;Número de documento;Nombre;Error"), "{back}");
    assert!(back.contains("DNI;2;;Nombre: falta el nombre"), "{back}");
}

#[tokio::test]
async fn a_workbook_loads_as_a_text_file_does() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    for (at, name) in (0..).zip(HEADER.trim_end().split(',')) {
        page.write_string(0, at, name).expect("written");
    }
    let date = Format::new().set_num_format("dd/mm/yyyy");
    let due = ExcelDateTime::from_ymd(2026, 3, 10).expect("a date");
    for (row, code) in [(1, "F-1"), (2, "")] {
        page.write_string(row, 0, "DNI").expect("written");
        page.write_number(row, 1, 100).expect("written");
        page.write_string(row, 2, code).expect("written");
        page.write_datetime_with_format(row, 3, &due, &date).expect("written");
        page.write_string(row, 4, "PEN").expect("written");
        page.write_number(row, 5, 1234.56).expect("written");
    }
    let load = world.load(Kind::Orders, book.save_to_buffer().expect("a workbook")).await;
    assert_eq!((load.counts.accepted, load.counts.rejected), (1, 1), "{:?} {:?}", load, world.notes(&load).await);
    let carrying = world.account("100").await.summary.carrying.expect("an order");
    assert_eq!((carrying.due, carrying.balance), (day("2026-03-10"), 123_456));
    assert!(load.rejected_file.expect("a file").ends_with(".xlsx"));
}

#[tokio::test]
async fn absence_keeps_a_dash_erases_and_a_status_removes() {
    let world = World::on("2026-03-10").await;
    let header = "Tipo de documento,Número de documento,Nombre,Celular_1,Correo_1,Estado,Variable Zona\n";
    world.load(Kind::Customers, format!("{header}DNI,1,Ana,987654321,ana@x.com,Activo,Norte\n")).await;
    world.load(Kind::Customers, "Tipo de documento,Número de documento,Nombre\nDNI,1,Ana Díaz\n").await;
    let ana = world.account("1").await.customer;
    assert_eq!((ana.name.as_str(), ana.phones.len(), ana.emails.len()), ("Ana Díaz", 1, 1));
    world.load(Kind::Customers, format!("{header}DNI,1,Ana Díaz,-,,Inactivo,-\n")).await;
    let ana = world.account("1").await.customer;
    assert_eq!((ana.phones.len(), ana.emails.len(), ana.status, ana.variables.len()), (0, 1, Status::Inactive, 0));
    world.load(Kind::Customers, format!("{header}DNI,1,,,,Activo,\n")).await;
    assert_eq!(world.account("1").await.customer.status, Status::Active);
}

#[tokio::test]
async fn a_bad_optional_value_is_left_out_and_reported() {
    let world = World::on("2026-03-10").await;
    world.change(|p| p.sender_addresses = vec!["cobros@andes.com".into()]).await;
    let file = "Tipo de documento,Número de documento,Nombre,Celular_1,Correo_1,Correo_2,Asesor ID\n\
        DNI,1,Ana,12-ab,no es correo,cobros@andes.com,nadie\nDNI,2,Beto,1,,,\n";
    let load = world.load(Kind::Customers, file).await;
    assert_eq!((load.counts.accepted, load.counts.rejected, load.counts.observations), (2, 0, 4));
    let ana = world.account("1").await.customer;
    assert!(ana.phones.is_empty() && ana.emails.is_empty() && ana.adviser.is_none());
    assert!(world.notes(&load).await.iter().any(|n| n.contains("usuario o remitente")));
}

#[tokio::test]
async fn exclusions_silence_a_customer_or_an_address() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana Beto Caro").await;
    world.orders("100 F-1 2026-03-10 1\n101 F-2 2026-03-10 1\n102 F-3 2026-03-10 1").await;
    let file = "Tipo de documento,Número de documento,Dirección,Canal,Motivo,Fecha\nDNI,100,,Todos,pidió,01/03/2026\n,,987650001,WhatsApp,BAJA,\nDNI,77,,Todos,,\n";
    let load = world.load(Kind::Exclusions, file).await;
    assert_eq!((load.counts.accepted, load.counts.rejected), (2, 1));
    let plan = world.plan().await.plan;
    assert_eq!((plan.send, plan.not_send.get("opted_out")), (1, Some(&2)));
    let late = "Tipo de documento,Número de documento,Nombre,Celular_1\nDNI,200,Nuevo,987650001\n";
    world.load(Kind::Customers, late).await;
    assert!(!world.account("200").await.customer.phones[0].opted_out.is_empty(), "whoever has it later too");
    let said = world.account("100").await.customer.opt_outs.into_values().next().expect("what was said");
    assert_eq!((said.reason.as_deref(), said.date), (Some("pidió"), Some(day("2026-03-01"))));
}

#[tokio::test]
async fn a_chunk_that_runs_out_of_time_goes_on_where_it_was() {
    use cauce_engine::messages::{ImportWork, Work};
    let world = World::on("2026-03-10").await;
    let rows: String = (0..900).map(|n| format!("DNI,{n},Cliente {n}\n")).collect();
    let ports = &world.house().ports;
    let file = "uploads/lima/x/customers";
    let content = format!("Tipo de documento,Número de documento,Nombre\n{rows}");
    cauce_engine::ports::files::Files::write(&*world.house().folder, file, cauce_engine::ports::files::whole(content))
        .await
        .expect("written");
    let asked = cauce_engine::import::Request {
        kind: Kind::Customers,
        file: file.into(),
        file_name: "x".into(),
        requester: "prueba".into(),
        options: Options::default(),
    };
    let setup = world.setup().await;
    let load = cauce_engine::import::request(ports, &setup, "lenta", asked, world.now()).await.expect("requested");
    let message = |work| ImportWork { project: world.project.clone(), job: load.id.clone(), work };
    let work = |w| {
        let (message, setup, now) = (message(w), &setup, world.now());
        // The time is out after every three hundred customers.
        let begun = std::sync::atomic::AtomicUsize::new(0);
        async move {
            cauce_engine::import::work(ports, setup, &message, now, &|| {
                begun.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= 299
            })
            .await
            .expect("worked")
        }
    };
    work(Work::Read).await;
    for _ in 0..4 {
        work(Work::Chunk { chunk: 0, offset: 0, apply: true }).await;
    }
    work(Work::Finish { apply: true }).await;
    let load = world.job(&load).await;
    assert_eq!((load.state, load.counts.new, load.counts.accepted), (LoadState::Finished, 900, 900));
}

#[tokio::test]
async fn a_date_column_is_not_read_by_what_another_column_shows() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    let header =
        "Tipo de documento,Número de documento,Código de pago,Fecha de emisión,Fecha de vencimiento,Moneda,Monto\n";
    let file = format!("{header}DNI,100,F-1,25/11/2026,02/03/2027,PEN,10\nDNI,100,F-2,25/11/2026,02/25/2027,PEN,10\n");
    let load = world.load(Kind::Orders, file).await;
    assert_eq!((load.state, load.code.as_deref()), (LoadState::Failed, Some("ambiguous_dates")), "{:?}", load.message);
}

#[tokio::test]
async fn a_reference_keeps_what_a_row_does_not_say_and_is_nobody_of_the_team() {
    let world = World::on("2026-03-10").await;
    world.change(|p| p.sender_addresses = vec!["cobros@andes.pe".into()]).await;
    let load = |name: &str, phone: &str, email: &str| {
        format!(
            "Tipo de documento,Número de documento,Nombre,Referencia_1 nombre,Referencia_1 celular,Referencia_1 correo\nDNI,100,Ana,{name},{phone},{email}\n"
        )
    };
    world.load(Kind::Customers, load("Luz", "987650000", "luz@x.com").as_str()).await;
    world.load(Kind::Customers, load("Luz María", "", "-").as_str()).await;
    let noted = world.load(Kind::Customers, load("", "", "cobros@andes.pe").as_str()).await;
    assert_eq!(noted.counts.observations, 1);
    let luz = world.account("100").await.customer.references.remove(0);
    assert_eq!((luz.name.as_str(), luz.phone.is_some(), luz.email), ("Luz María", true, None));
    world.load(Kind::Customers, load("-", "-", "-").as_str()).await;
    assert!(world.account("100").await.customer.references.is_empty());
}
