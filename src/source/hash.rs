//! Maps and sets with a fast hash, for what is looked up thousands of times in a plan.
//!
//! Their order is random in every process: nothing that is written may come from walking one (`Ordered` keeps the order of insertion).
//! Seeded anew in every process, so that nobody can write a plan whose names all collide. Used by every layer above.

use foldhash::fast::RandomState;

/// A map without an order.
pub type Map<K, V> = std::collections::HashMap<K, V, RandomState>;
/// A set without an order.
pub type Set<K> = std::collections::HashSet<K, RandomState>;
/// A map in the order of insertion.
pub type Ordered<K, V> = indexmap::IndexMap<K, V, RandomState>;
