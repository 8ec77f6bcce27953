//! The tables as the adapter reads them.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType,
};
use cauce_engine::ports::table::{Index, TableName};
use std::collections::BTreeMap;

fn keys(pk: &str, sk: &str) -> Vec<KeySchemaElement> {
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("a key");
    vec![key(pk, KeyType::Hash), key(sk, KeyType::Range)]
}

/// Creates every table with its indexes under a prefix; answers their names.
pub(crate) async fn create_tables(config: &SdkConfig, prefix: &str) -> BTreeMap<TableName, String> {
    let client = Client::new(config);
    let mut names = BTreeMap::new();
    for table in TableName::ALL {
        let name = format!("{prefix}-{}", table.name());
        let mut attributes = vec!["pk".to_owned(), "sk".to_owned()];
        let mut create = client
            .create_table()
            .table_name(&name)
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(Some(keys("pk", "sk")));
        for index in Index::ALL.into_iter().filter(|i| i.table() == table) {
            let (pk, sk) = (format!("{}_pk", index.name()), format!("{}_sk", index.name()));
            let projected = if index.keys_only() { ProjectionType::KeysOnly } else { ProjectionType::All };
            let built = GlobalSecondaryIndex::builder()
                .index_name(index.name())
                .set_key_schema(Some(keys(&pk, &sk)))
                .projection(Projection::builder().projection_type(projected).build());
            create = create.global_secondary_indexes(built.build().expect("an index"));
            attributes.extend([pk, sk]);
        }
        for attribute in attributes {
            let text = AttributeDefinition::builder().attribute_name(attribute).attribute_type(ScalarAttributeType::S);
            create = create.attribute_definitions(text.build().expect("an attribute"));
        }
        match create.send().await {
            Ok(_) => {}
            // A slow answer was asked for again: the account is this test's own.
            Err(error) if error.as_service_error().is_some_and(|e| e.is_resource_in_use_exception()) => {}
            Err(error) => panic!("a table: {error:?}"),
        }
        names.insert(table, name);
    }
    names
}
