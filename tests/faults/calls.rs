//! Ports that fail, repeat, cut a call after it took effect, serve an index stale, or die for good, at a chosen call.

use async_trait::async_trait;
use cauce_engine::ports::PortError;
use cauce_engine::ports::channel::{Answer, Outgoing, Sender};
use cauce_engine::ports::files::{ByteStream, Download, FileInfo, Files, SignedPut, Upload};
use cauce_engine::ports::queue::{Message, Queue, QueueName};
use cauce_engine::ports::table::{Change, Key, Page, Query, Source, Stored, Table, WriteError};
use cauce_local::house::House;
use futures::TryStreamExt;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use uuid::Uuid;

/// What happens at the chosen call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails without effect.
    Fail,
    /// It takes effect and its reply is lost.
    Cut,
    /// It is made twice.
    Repeat,
    /// Its answer comes late: others overtake it.
    Delay,
    /// The process dies before it.
    DieBefore,
    /// The process dies after it took effect.
    DieAfter,
    /// From here on indexes answer what they answered first.
    Stale,
}

/// Counts calls and strikes at one of them.
pub(crate) struct Striker {
    fault: Fault,
    at: usize,
    calls: AtomicUsize,
    dead: AtomicBool,
    stale: Mutex<HashMap<String, Page>>,
}

/// What a call has to do.
enum Order {
    Go,
    Twice,
    Late,
    Refuse,
    GoAndLose,
}

fn unavailable() -> PortError {
    PortError::Unavailable("un puerto (falla inyectada)", None)
}

impl Striker {
    pub(crate) fn new(fault: Fault, at: usize) -> Arc<Self> {
        Arc::new(Self { fault, at, calls: AtomicUsize::new(0), dead: AtomicBool::new(false), stale: Mutex::default() })
    }
    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }
    pub(crate) fn strikes_stale(&self) -> bool {
        self.fault == Fault::Stale
    }
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
    fn order(&self) -> Order {
        if self.is_dead() {
            return Order::Refuse;
        }
        if self.calls.fetch_add(1, Ordering::SeqCst) != self.at {
            return Order::Go;
        }
        match self.fault {
            Fault::Fail => Order::Refuse,
            Fault::Cut => Order::GoAndLose,
            Fault::Repeat => Order::Twice,
            Fault::Delay => Order::Late,
            Fault::Stale => Order::Go,
            Fault::DieBefore | Fault::DieAfter => {
                self.dead.store(true, Ordering::SeqCst);
                if self.fault == Fault::DieBefore { Order::Refuse } else { Order::GoAndLose }
            }
        }
    }
}

/// How long a late call waits, before and after: long enough for everybody else to get in between.
const LATE: std::time::Duration = std::time::Duration::from_millis(20);

/// A port behind a striker.
struct Struck<P: ?Sized> {
    inner: Arc<P>,
    striker: Arc<Striker>,
}

/// Puts every port of a house behind a striker.
pub(crate) fn strike(mut house: House, striker: &Arc<Striker>) -> House {
    let ports = &mut house.ports;
    ports.table = Arc::new(Struck { inner: Arc::clone(&ports.table), striker: Arc::clone(striker) });
    ports.queue = Arc::new(Struck { inner: Arc::clone(&ports.queue), striker: Arc::clone(striker) });
    ports.files = Arc::new(Struck { inner: Arc::clone(&ports.files), striker: Arc::clone(striker) });
    for sender in ports.channels.values_mut() {
        *sender = Arc::new(Struck { inner: Arc::clone(sender), striker: Arc::clone(striker) });
    }
    house
}

macro_rules! struck {
    ($self:ident, $call:expr) => {
        match $self.striker.order() {
            Order::Go => $call.await,
            Order::Twice => {
                let _ = $call.await;
                $call.await
            }
            Order::Late => {
                tokio::time::sleep(LATE).await;
                let answer = $call.await;
                tokio::time::sleep(LATE).await;
                answer
            }
            Order::Refuse => Err(unavailable().into()),
            Order::GoAndLose => {
                let _ = $call.await;
                Err(unavailable().into())
            }
        }
    };
}

#[async_trait]
impl Table for Struck<dyn Table> {
    async fn get(&self, key: &Key) -> Result<Option<Stored>, PortError> {
        struck!(self, self.inner.get(key))
    }
    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, PortError> {
        struck!(self, self.inner.get_many(keys))
    }
    async fn query(&self, query: &Query) -> Result<Page, PortError> {
        let answer: Result<Page, PortError> = struck!(self, self.inner.query(query));
        let old = self.striker.fault == Fault::Stale && matches!(query.source, Source::Index(_));
        match answer {
            // The first five calls after the strike see the index as it was.
            Ok(_) if old && (self.striker.at..self.striker.at + 5).contains(&self.striker.calls()) => {
                let mut seen = self.striker.stale.lock().expect("pages");
                Ok(seen.entry(format!("{query:?}")).or_default().clone())
            }
            Ok(page) => {
                if old {
                    self.striker.stale.lock().expect("pages").insert(format!("{query:?}"), page.clone());
                }
                Ok(page)
            }
            Err(error) => Err(error),
        }
    }
    async fn write(&self, id: Uuid, changes: Vec<Change>) -> Result<(), WriteError> {
        struck!(self, self.inner.write(id, changes.clone()))
    }
    async fn write_many(&self, id: Uuid, changes: Vec<Change>) -> Result<Vec<Result<(), WriteError>>, PortError> {
        struck!(self, self.inner.write_many(id, changes.clone()))
    }
    async fn add(&self, key: &Key, field: &str, by: i64) -> Result<i64, PortError> {
        struck!(self, self.inner.add(key, field, by))
    }
}

#[async_trait]
impl Queue for Struck<dyn Queue> {
    async fn send(&self, queue: QueueName, messages: Vec<Message>) -> Result<(), PortError> {
        struck!(self, self.inner.send(queue, messages.clone()))
    }
}

#[async_trait]
impl Files for Struck<dyn Files> {
    async fn size(&self, key: &str) -> Result<Option<u64>, PortError> {
        struck!(self, self.inner.size(key))
    }
    async fn read(&self, key: &str) -> Result<ByteStream, PortError> {
        struck!(self, self.inner.read(key))
    }
    async fn read_range(&self, key: &str, from: u64, length: u64) -> Result<bytes::Bytes, PortError> {
        struck!(self, self.inner.read_range(key, from, length))
    }
    async fn write(&self, key: &str, content: ByteStream) -> Result<(), PortError> {
        match self.striker.order() {
            Order::Go => self.inner.write(key, content).await,
            Order::Twice => {
                let pieces: Vec<bytes::Bytes> = content.try_collect().await?;
                let again = || -> ByteStream { Box::pin(futures::stream::iter(pieces.clone().into_iter().map(Ok))) };
                let _ = self.inner.write(key, again()).await;
                self.inner.write(key, again()).await
            }
            Order::Late => {
                tokio::time::sleep(LATE).await;
                let answer = self.inner.write(key, content).await;
                tokio::time::sleep(LATE).await;
                answer
            }
            Order::Refuse => Err(unavailable()),
            Order::GoAndLose => {
                let _ = self.inner.write(key, content).await;
                Err(unavailable())
            }
        }
    }
    async fn presigned_put(&self, upload: &Upload) -> Result<SignedPut, PortError> {
        self.inner.presigned_put(upload).await
    }
    async fn presigned_get(&self, download: &Download) -> Result<String, PortError> {
        self.inner.presigned_get(download).await
    }
    async fn list(&self, prefix: &str) -> Result<Vec<FileInfo>, PortError> {
        struck!(self, self.inner.list(prefix))
    }
}

#[async_trait]
impl Sender for Struck<dyn Sender> {
    fn provider(&self) -> &'static str {
        self.inner.provider()
    }
    async fn send(&self, message: &Outgoing) -> Answer {
        match self.striker.order() {
            // A provider's client never calls twice by itself: a repeat would be our own doing, which `send` must not do.
            Order::Go | Order::Twice => self.inner.send(message).await,
            Order::Late => {
                tokio::time::sleep(LATE).await;
                let answer = self.inner.send(message).await;
                tokio::time::sleep(LATE).await;
                answer
            }
            Order::Refuse if self.striker.is_dead() => Answer::Unknown("muerto".into()),
            Order::Refuse => Answer::not_now("falla inyectada"),
            Order::GoAndLose => {
                let _ = self.inner.send(message).await;
                Answer::Unknown("respuesta perdida".into())
            }
        }
    }
}
