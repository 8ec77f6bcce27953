//! Whose each row is, by the id of the customer or of the address it is about.

use super::job::Kind;
use super::row::RowError;
use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Key, MAX_KEYS};
use crate::store::accounts::CodeOwner;
use crate::store::codec::decode;
use crate::store::keys::{self, keyed};
use crate::store::settings::Setup;
use cauce_domain::contact::phone;
use cauce_domain::contact::point::{Email, Phone};
use cauce_domain::debt::document::Document;
use cauce_domain::ids::CustomerId;
use std::collections::HashMap;

type Owner = Result<[u8; 16], RowError>;

/// Whose each row is: by document, by the order it pays, or by the address it excludes.
pub(super) async fn owners(
    ports: &Ports,
    setup: &Setup,
    kind: Kind,
    batch: &[(u32, Vec<String>)],
) -> Result<Vec<Owner>, Error> {
    let document = |line: u32, doc_kind: &str, number: &str| -> Owner {
        let wrong = |e: cauce_domain::debt::document::BadDocument| {
            RowError::error(line, "Número de documento", number, &e.to_string())
        };
        Document::parse(doc_kind, number).map(|d| bytes_of(&setup.customer_id(&d))).map_err(wrong)
    };
    match kind {
        Kind::Customers | Kind::Orders | Kind::Communications => {
            Ok(batch.iter().map(|(line, c)| document(*line, &c[0], &c[1])).collect())
        }
        Kind::Exclusions => Ok(batch.iter().map(|(line, c)| exclusion_owner(setup, *line, c, document)).collect()),
        Kind::Payments => {
            let owners = code_owners(ports, setup, batch).await?;
            let owner = |(line, cells): &(u32, Vec<String>)| {
                let (line, code) = (*line, cells[0].as_str());
                match owners.get(code) {
                    _ if code.is_empty() => document(line, &cells[1], &cells[2]),
                    Some(owner) => Ok(*owner),
                    None => Err(RowError::error(line, "Código de pago", code, "la orden no existe: cárguela primero")),
                }
            };
            Ok(batch.iter().map(owner).collect())
        }
    }
}

fn exclusion_owner(setup: &Setup, line: u32, cells: &[String], document: impl Fn(u32, &str, &str) -> Owner) -> Owner {
    let address = cells[2].as_str();
    if address.is_empty() {
        return document(line, &cells[0], &cells[1]);
    }
    let normal = normal_address(setup, address);
    let normal =
        normal.ok_or_else(|| RowError::error(line, "Dirección", address, "no es un celular ni un correo válido"))?;
    Ok(bytes_of(&CustomerId::new(keyed(&setup.key, "address", &normal))))
}

/// An address in the form it is kept under.
pub(super) fn normal_address(setup: &Setup, text: &str) -> Option<String> {
    if text.contains('@') {
        return Email::parse(text).ok().map(|e| e.address().to_owned());
    }
    let country = Some(setup.project().country);
    if phone::is_placeholder(text) { None } else { Phone::parse(text, country).ok().map(|p| p.e164().to_owned()) }
}

async fn code_owners(
    ports: &Ports,
    setup: &Setup,
    batch: &[(u32, Vec<String>)],
) -> Result<HashMap<String, [u8; 16]>, Error> {
    let mut codes: Vec<&str> = batch.iter().map(|(_, c)| c[0].as_str()).filter(|c| !c.is_empty()).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut owners = HashMap::new();
    for some in codes.chunks(MAX_KEYS) {
        let wanted: Vec<Key> = some.iter().map(|c| keys::order_code(setup.id(), c)).collect();
        for (code, stored) in some.iter().zip(ports.table.get_many(&wanted).await?) {
            if let Some(stored) = stored {
                let owner: CodeOwner = decode(&stored.body)?;
                owners.insert((*code).to_owned(), bytes_of(&owner.customer));
            }
        }
    }
    Ok(owners)
}

/// An id of 32 hex digits as 16 bytes.
pub(super) fn bytes_of(id: &CustomerId) -> [u8; 16] {
    u128::from_str_radix(id.as_str(), 16).unwrap_or_default().to_be_bytes()
}

/// And back.
pub(super) fn id_of(bytes: [u8; 16]) -> CustomerId {
    CustomerId::new(keys::hex(&bytes))
}
