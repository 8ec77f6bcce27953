//! The store's invariants, for every project of a house.

use crate::house::House;
use cauce_engine::Error;
use cauce_engine::check_store::{Checked, check_store};
use cauce_engine::store::settings;

/// Checks every project.
pub async fn check(house: &House) -> Result<Checked, Error> {
    let mut all = Checked::default();
    for id in settings::projects(&house.ports).await? {
        let setup = settings::load(&house.ports, &id).await?;
        let one = check_store(&house.ports, &setup).await?;
        all.customers += one.customers;
        all.orders += one.orders;
        all.messages += one.messages;
        all.broken.extend(one.broken.into_iter().map(|b| format!("{id}: {b}")));
    }
    let (_, dead) = house.queue.depth()?;
    if dead > 0 {
        all.broken.push(format!("{dead} mensaje(s) de cola sin poder procesarse"));
    }
    Ok(all)
}
