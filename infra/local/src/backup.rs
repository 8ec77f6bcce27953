//! Backup and restore of a data folder: a consistent copy of the database while it is in use, the secrets, the files of
//! loads.
//!
//! After a restore every project starts inactive: what was sent after the copy was made is not in it, and nothing may go
//! out before somebody has looked.

use crate::house::House;
use cauce_engine::Error;
use cauce_engine::ports::PortError;
use cauce_engine::store::edits::By;
use cauce_engine::store::settings;
use std::path::Path;

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Port(PortError::Unavailable("el disco", Some(Box::new(error))))
}

/// Copies the house into an empty or new folder.
pub fn backup(house: &House, to: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(to).map_err(failed)?;
    let target = to.join("cauce.db");
    if target.exists() {
        let message = format!("'{}' ya tiene una copia: elija otra carpeta", to.display());
        return Err(Error::refused("backup_exists", None, message));
    }
    house.table.read(|c| c.execute("VACUUM INTO ?1", [target.to_string_lossy().as_ref()]).map(|_| ()))?;
    for name in ["secrets.json", "sandbox.db"] {
        let from = house.data.join(name);
        if from.exists() {
            std::fs::copy(&from, to.join(name)).map_err(failed)?;
        }
    }
    copy_folder(&house.data.join("imports"), &to.join("imports")).map_err(failed)
}

/// Copies a backup into an empty data folder.
pub fn restore(from: &Path, data: &Path) -> Result<(), Error> {
    if data.join("cauce.db").exists() {
        let message = format!("'{}' ya tiene datos: restaure en una carpeta vacía", data.display());
        return Err(Error::refused("data_exists", None, message));
    }
    if !from.join("cauce.db").exists() {
        return Err(Error::refused("no_backup", None, format!("'{}' no tiene una copia de Cauce", from.display())));
    }
    copy_folder(from, data).map_err(failed)
}

/// Leaves every project of a restored house inactive.
pub async fn calm(house: &House) -> Result<usize, Error> {
    let (mut calmed, by) = (0, By::cauce(house.clock.now()));
    for id in settings::projects(&house.ports).await? {
        let setup = settings::load(&house.ports, &id).await?;
        let mut project = setup.project().clone();
        if project.active {
            project.active = false;
            settings::save_project(&house.ports, &by, &setup.project, &project).await?;
            calmed += 1;
        }
    }
    Ok(calmed)
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_folder(&entry.path(), &target)?,
            false => drop(std::fs::copy(entry.path(), target)?),
        }
    }
    Ok(())
}
