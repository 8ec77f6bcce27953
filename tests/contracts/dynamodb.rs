//! `Table` on DynamoDB, over every engine that speaks its protocol.

mod dynoxide {
    super::super::table_contract!(crate::aws::dynoxide_table().await);
}

mod ministack {
    super::super::table_contract!(crate::aws::ministack_table().await);
}
