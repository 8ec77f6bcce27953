//! AWS's parts on this machine: engines that speak its protocols, and what has to exist in them.

mod ministack;
mod mishap;
mod tables;
mod tools;
mod wire;

pub(crate) use ministack::{Emulator, account, emulator, free_port, start};
pub(crate) use mishap::{Mishap, TOO_LATE, between};
pub(crate) use tables::create_tables;
pub(crate) use tools::tools;
pub(crate) use wire::{catch, count, pass, request};

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use cauce_aws::table::DynamoTable;
use cauce_engine::ports::table::Table;
use std::sync::Arc;

/// The SDK's configuration for an endpoint, as an account of its own.
pub(crate) async fn config(endpoint: &str, account: &str) -> SdkConfig {
    cauce_aws::bounded(aws_config::defaults(BehaviorVersion::latest()))
        .endpoint_url(endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(account, "test", None, None, "tests"))
        .load()
        .await
}

/// The same for a client that waits for less than [`TOO_LATE`].
pub(crate) async fn hasty(endpoint: &str, account: &str) -> SdkConfig {
    let waits =
        TimeoutConfig::builder().operation_attempt_timeout(TOO_LATE / 3).operation_timeout(TOO_LATE * 10).build();
    config(endpoint, account).await.into_builder().timeout_config(waits).build()
}

/// An engine in this process; it ends with what is held.
pub(crate) async fn dynoxide() -> (tokio::task::JoinHandle<()>, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let database = dynoxide::Database::memory().expect("a database");
    (tokio::spawn(dynoxide::server::serve_on(listener, database)), endpoint)
}

/// A table on it.
pub(crate) async fn dynoxide_table() -> (tokio::task::JoinHandle<()>, Arc<dyn Table>) {
    let (serving, endpoint) = dynoxide().await;
    let config = config(&endpoint, "000000000001").await;
    let names = create_tables(&config, "t").await;
    (serving, Arc::new(DynamoTable::new(&config, names)))
}

/// A table on DynamoDB Local when it is there, each test's in an account of its own.
pub(crate) async fn local_table() -> (Option<tokio::task::JoinHandle<()>>, Arc<dyn Table>) {
    let Ok(endpoint) = std::env::var("CAUCE_DYNAMODB_LOCAL") else {
        let (serving, table) = dynoxide_table().await;
        return (Some(serving), table);
    };
    // It keeps what earlier runs made.
    let own = format!("{:012}", uuid::Uuid::now_v7().as_u128() % 1_000_000_000_000);
    let config = config(&endpoint, &own).await;
    let names = create_tables(&config, "t").await;
    (None, Arc::new(DynamoTable::new(&config, names)))
}

/// A table on the emulator, in an account of its own.
pub(crate) async fn ministack_table() -> ((), Arc<dyn Table>) {
    let config = config(&emulator().endpoint, &account()).await;
    let names = create_tables(&config, "t").await;
    ((), Arc::new(DynamoTable::new(&config, names)))
}
