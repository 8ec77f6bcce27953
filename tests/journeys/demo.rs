//! The newcomer's command, as a script calls it.

use crate::built::cauce;
use crate::world::folder;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

fn demo(data: &Path, arguments: &[&str]) -> (Output, Value) {
    let output =
        Command::new(cauce()).args(["demo", "--json", "--data"]).arg(data).args(arguments).output().expect("it ends");
    let document = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output, document)
}

fn sum(map: &Value) -> u64 {
    map.as_object().expect("a map").values().filter_map(Value::as_u64).sum()
}

#[test]
fn the_document_adds_up_and_a_second_run_sends_nothing() {
    let temp = folder();
    let arguments = ["--date", "2026-03-10", "--customers", "500"];
    let (output, first) = demo(&temp.path().join("data"), &arguments);
    assert!(output.status.success());
    let plan = &first["plan"];
    let due = plan["customers_due"].as_u64().expect("a number");
    assert!(due > 20, "{first}");
    assert_eq!(sum(&plan["by_step"]), due);
    assert_eq!(plan["send"].as_u64().expect("a number") + sum(&plan["not_send"]), due);
    assert_eq!(sum(&first["states"]), plan["send"].as_u64().expect("a number"));
    let kinds: Vec<&str> =
        first["imports"].as_array().expect("a list").iter().filter_map(|i| i["kind"].as_str()).collect();
    assert_eq!(kinds, ["customers", "orders", "payments"]);
    let outbox = std::fs::metadata(temp.path().join("data/sandbox.db")).expect("an outbox").len();
    let (_, second) = demo(&temp.path().join("data"), &arguments);
    for part in ["date", "imports", "plan", "states"] {
        assert_eq!(first[part], second[part], "{part}");
    }
    assert_eq!(std::fs::metadata(temp.path().join("data/sandbox.db")).expect("an outbox").len(), outbox);
    let (_, elsewhere) = demo(&temp.path().join("again"), &arguments);
    assert_eq!(first["states"], elsewhere["states"], "the same seed ends the same anywhere");
}

#[test]
fn another_day_in_the_same_folder_loads_that_days_files_too() {
    let temp = folder();
    let (_, first) = demo(temp.path(), &["--date", "2026-03-10", "--customers", "200"]);
    let (output, second) = demo(temp.path(), &["--date", "2026-03-11", "--customers", "200"]);
    assert!(output.status.success());
    for (before, after) in
        first["imports"].as_array().expect("a list").iter().zip(second["imports"].as_array().expect("a list"))
    {
        assert_eq!((&before["rows"], &before["rejected"]), (&after["rows"], &after["rejected"]), "{second}");
    }
    assert!(second["plan"]["send"].as_u64().expect("a number") > 0);
}

#[test]
fn a_portfolio_of_ones_own_is_loaded_and_a_refused_file_still_tells_the_rest() {
    let temp = folder();
    let own = temp.path().join("own");
    std::fs::create_dir_all(&own).expect("a folder");
    let put = |name: &str, text: &str| std::fs::write(own.join(name), text).expect("written");
    put("customers.csv", "Tipo de documento;Número de documento;Nombre;Celular_1\nCC;1;Ana;3001234567\nCC;2;Beto;\n");
    put(
        "orders.csv",
        "Tipo de documento;Número de documento;Código de pago;Fecha de vencimiento;Moneda;Monto\nCC;1;F-1;10/03/2026;COP;1.500.000\nCC;2;F-2;10/03/2026;COP;200.000\n",
    );
    put("payments.csv", "Código de pago;Fecha;Monto\n");
    let own = own.to_string_lossy().into_owned();
    let arguments = ["--portfolio", own.as_str(), "--country", "CO", "--date", "2026-03-10"];
    let (output, document) = demo(&temp.path().join("a"), &arguments);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        document["plan"],
        json!({ "customers_due": 2, "send": 1, "not_send": { "no_contact": 1 }, "by_step": { "0": 2 } })
    );
    put("orders.csv", "Documento;Monto\n1;2\n");
    let (output, document) = demo(&temp.path().join("b"), &arguments);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(document["imports"][1], json!({ "kind": "orders", "rows": 0, "accepted": 0, "rejected": 0 }));
    assert_eq!(document["imports"][0]["accepted"], json!(2));
}

#[test]
fn a_restricted_day_asked_for_decides_nothing() {
    let temp = folder();
    let (output, document) = demo(temp.path(), &["--date", "2026-03-14", "--customers", "50"]);
    assert!(output.status.success());
    assert_eq!((&document["date"], &document["plan"]["customers_due"]), (&json!("2026-03-14"), &json!(0)));
}
