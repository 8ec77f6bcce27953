//! `Table` on DynamoDB, over every engine that speaks its protocol.

mod dynoxide {
    super::super::table_contract!(crate::aws::dynoxide_table().await);
}

mod ministack {
    super::super::table_contract!(crate::aws::ministack_table().await);
}

/// AWS's own DynamoDB Local, where somebody has started it: its licence keeps it out of what the tests install. Without
/// `CAUCE_DYNAMODB_LOCAL=http://127.0.0.1:8000` these tests run over `dynoxide` once more.
mod dynamodb_local {
    super::super::table_contract!(crate::aws::local_table().await);
}
