//! Categories: the shelves of the store.

use std::collections::BTreeMap;

use chandlery_core::CategoryName;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A shelf of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CategoryView {
    /// Its name in URLs and commands.
    pub name: CategoryName,
    /// What it is called in English.
    pub title: String,
    /// What it is called in other languages, by language (`zh`).
    pub translations: BTreeMap<String, String>,
    /// What belongs there.
    pub description: String,
    /// The name of its icon; may be empty.
    pub icon: String,
    /// Its place among the others: the smallest comes first.
    pub position: i64,
    /// How many apps the store shows there.
    pub apps: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Grows with every change; the `ETag` carries it.
    pub revision: i64,
}

/// `POST /api/v1/categories`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCategory {
    /// Its name in URLs and commands.
    pub name: CategoryName,
    /// What it is called in English; its name unless said.
    #[schema(max_length = 100)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is called in other languages, by language (`zh`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub translations: BTreeMap<String, String>,
    /// What belongs there.
    #[schema(max_length = 1000)]
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The name of its icon.
    #[schema(max_length = 100)]
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub icon: String,
    /// Its place among the others; behind them unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
}

/// `PATCH /api/v1/categories/{category}`: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateCategory {
    /// Another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<CategoryName>,
    /// What it is called in English.
    #[schema(max_length = 100)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is called in other languages, all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translations: Option<BTreeMap<String, String>>,
    /// What belongs there.
    #[schema(max_length = 1000)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The name of its icon.
    #[schema(max_length = 100)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Its place among the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
}

/// The query of `DELETE /api/v1/categories/{category}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteCategory {
    /// The category that its apps go to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub move_to: Option<String>,
}

/// `PUT /api/v1/workspaces/{workspace}/apps/{app}/category`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppCategory {
    /// The shelf of the store.
    pub category: CategoryName,
}
