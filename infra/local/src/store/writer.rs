//! The one writer: a thread that takes every waiting job into one transaction, so that a commit is paid once for many.
//!
//! A job answers only after its transaction is on disk. A job that fails in SQLite itself undoes the whole group and
//! every job of it is told so.

use cauce_engine::ports::PortError;
use rusqlite::Connection;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Jobs taken into one commit at most: fewer than callers keep in flight, so that they prepare more while it is made.
const GROUP: usize = 512;

type Finish = Box<dyn FnOnce(bool) + Send>;
type Job = Box<dyn FnOnce(&Connection) -> rusqlite::Result<Finish> + Send>;

/// A handle on the writer.
pub struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the writer on a connection of its own.
    pub fn start(connection: Connection) -> std::io::Result<Self> {
        let (sender, receiver) = channel();
        let thread =
            std::thread::Builder::new().name("writer".to_owned()).spawn(move || work(&connection, &receiver))?;
        Ok(Self { jobs: Some(sender), thread: Some(thread) })
    }

    /// Runs a job inside a transaction and answers once it is on disk.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, PortError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let value = job(connection)?;
            let finish: Finish = Box::new(move |committed| drop(answer.send(committed.then_some(value))));
            Ok(finish)
        });
        let gone = || PortError::Unavailable("la base de datos", None);
        self.jobs.as_ref().ok_or_else(gone)?.send(job).map_err(|_| gone())?;
        answered.await.ok().flatten().ok_or_else(gone)
    }
}

impl Drop for Writer {
    /// Lets the jobs in hand finish.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(connection: &Connection, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let group = std::iter::once(first).chain(jobs.try_iter().take(GROUP - 1));
        let (finishes, committed) = match run_group(connection, group) {
            Ok(finishes) => (finishes, true),
            Err((finishes, error)) => {
                tracing::error!(%error, "la base de datos no pudo escribir");
                let _ = connection.execute_batch("ROLLBACK");
                (finishes, false)
            }
        };
        finishes.into_iter().for_each(|finish| finish(committed));
    }
}

fn run_group(
    connection: &Connection,
    group: impl Iterator<Item = Job>,
) -> Result<Vec<Finish>, (Vec<Finish>, rusqlite::Error)> {
    let mut finishes = Vec::new();
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        return Err((finishes, error));
    }
    for job in group {
        match job(connection) {
            Ok(finish) => finishes.push(finish),
            Err(error) => return Err((finishes, error)),
        }
    }
    match connection.execute_batch("COMMIT") {
        Ok(()) => Ok(finishes),
        Err(error) => Err((finishes, error)),
    }
}
