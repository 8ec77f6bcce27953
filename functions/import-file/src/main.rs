//! `import-file` on Lambda: batches of its queue.

use cauce_aws::start::{self, Call};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    start::serve_batches("import-file", start::parts().await?, |ports, event, call: Call| async move {
        cauce_import_file::handle(&ports, event, call.now, &|| call.is_late()).await
    })
    .await
}
